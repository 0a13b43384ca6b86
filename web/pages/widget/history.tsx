import { useMemo, useRef } from 'preact/hooks';
import type { Widget } from '../../client/index.ts';
import { spanLabel } from '../../state/axis-labels.ts';
import { type Columns, columnsOf } from '../../state/chart-columns.ts';
import { lanesOf, ofSwitch, segmentsOf, totalsOf } from '../../state/state-segments.ts';
import { useFormat, useText } from '../../ui/context.ts';
import { FailureNotice } from '../../ui/feedback.tsx';
import { LineChart } from './line-chart.tsx';
import { RangeBar } from './range-bar.tsx';
import { StateChart } from './state-chart.tsx';
import { Figures, type StateTimes, TimesInStates } from './stats.tsx';
import { remPx } from './theme.ts';
import { type Answered, useHistory } from './use-history.ts';
import type { Range } from './use-range.ts';
import { useWidth } from './use-width.ts';
import { useValueText } from './value-text.ts';

const LOWEST_REM = 15;
const HIGHEST_REM = 26;

const NONE = columnsOf([], 1, 0);

/** States as lanes, where there are any: a switch that tells 0 and 1 has them too. */
function statesOf(widget: Widget, { history, from, end }: Answered) {
  const isSwitch = widget.capability.control_type === 'toggle';
  const numeric = isSwitch && history.stats.states === undefined && history.stats.avg !== null;
  const told = numeric ? ofSwitch(history, from, end) : history;
  if (told.stats.states === undefined) return null;
  const segments = segmentsOf(told, from, end);
  const sums = Object.entries(told.stats.states).sort(([, a], [, b]) => b - a);
  const totals: StateTimes = sums.length > 0 ? new Map(sums) : totalsOf(segments);
  return { segments, totals, lanes: lanesOf(totals, widget.options ?? []) };
}

/** Switches and booleans have figures too, of 0 and 1, which mean little beside their states. */
const areNumbers = (widget: Widget, { points }: Answered['history']) =>
  widget.capability.control_type !== 'toggle' && points.some(({ last }) => typeof last === 'number');

/** The chart of a time, and what it comes to in numbers. */
export function HistoryPanels({ widget, range }: { widget: Widget; range: Range }) {
  const text = useText();
  const format = useFormat();
  const nameOf = useValueText(widget);
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const { answered, loading, failure } = useHistory(widget.widget_id, range, width);
  const states = useMemo(() => (answered === null ? null : statesOf(widget, answered)), [widget, answered]);
  const columns = useMemo(
    () =>
      answered === null || !areNumbers(widget, answered.history)
        ? null
        : columnsOf(answered.history.points, answered.history.interval, answered.end),
    [widget, answered],
  );
  const { span } = range;
  const stats = answered?.history.stats;
  const hasLine = columns !== null && columns.xs.length > 0;
  const hasStates = states !== null && states.segments.length > 0;
  const isEmpty = answered !== null && !hasLine && !hasStates;
  const shared = {
    span,
    width,
    label: text.widget.chart(widget.name, spanLabel(span.from, span.to, format.locale)),
    onZoom: range.show,
    onPreview: range.preview,
  };
  const height = Math.min(HIGHEST_REM, Math.max(LOWEST_REM, width / remPx() / 2.6)) * remPx();
  return (
    <>
      <section class="panel history" aria-label={text.widget.title}>
        <RangeBar range={range} loading={loading} />
        <FailureNotice failure={failure} />
        <div class="chart-box" ref={box}>
          {answered === null && <div class="chart-wait" style={{ height: `${height}px` }} />}
          {(hasLine || isEmpty) && width > 0 && (
            <>
              {widget.unit !== null && <p class="chart-unit">{widget.unit}</p>}
              <LineChart
                {...shared}
                height={height}
                columns={columns ?? NONE}
                unit={widget.unit}
                isStepped={widget.capability.control_type === 'slider'}
              />
            </>
          )}
          {isEmpty && (
            <div class="chart-empty">
              <p>
                <strong>{text.widget.nothing}</strong>
              </p>
              <p class="muted">{text.widget.nothingHint}</p>
            </div>
          )}
          {hasStates && width > 0 && (
            <StateChart {...shared} segments={states.segments} lanes={states.lanes} nameOf={nameOf} />
          )}
        </div>
        {answered !== null && !isEmpty && <Legend answered={answered} line={hasLine ? columns : null} />}
      </section>
      {stats !== undefined && !isEmpty && (
        <section class="panel">
          <h2>{text.widget.stats}</h2>
          <Figures stats={stats} unit={widget.unit} hasNumbers={hasLine} />
          {states !== null && <TimesInStates totals={states.totals} lanes={states.lanes} nameOf={nameOf} />}
        </section>
      )}
    </>
  );
}

function Legend({ answered: { history }, line }: { answered: Answered; line: Columns | null }) {
  const text = useText();
  const format = useFormat();
  const { resolution, interval } = history;
  const hasBand = line?.min.some((low, row) => low !== line.max[row]) ?? false;
  return (
    <div class="chart-foot">
      {line !== null && (
        <ul class="legend">
          <li>
            <span class="swatch line" aria-hidden="true" />
            {hasBand ? text.widget.average : text.widget.value}
          </li>
          {hasBand && (
            <li>
              <span class="swatch band" aria-hidden="true" />
              {text.widget.band}
            </li>
          )}
        </ul>
      )}
      <p class="muted">
        {text.widget.resolution[resolution]}
        {interval >= 1 && ` · ${text.widget.interval(format.span(interval * 1000))}`}
      </p>
      <p class="muted hint-mouse">{text.widget.hintMouse}</p>
      <p class="muted hint-touch">{text.widget.hintTouch}</p>
    </div>
  );
}
