import { lengthLabel } from '../../state/axis-labels.ts';
import { OTHER } from '../../state/state-segments.ts';
import { useFormat, useText } from '../../ui/context.ts';
import { colourOf } from './colours.ts';
import type { History } from './use-history.ts';

export type StateTimes = ReadonlyMap<string, number>;

interface FiguresProps {
  stats: History['stats'];
  unit: string | null;
  hasNumbers: boolean;
}

export function Figures({ stats, unit, hasNumbers }: FiguresProps) {
  const text = useText();
  const format = useFormat();
  const { min, avg, max, count } = stats;
  const numbers = [
    [text.widget.min, min],
    [text.widget.average, avg],
    [text.widget.max, max],
  ] as const;
  return (
    <dl class="figures">
      {hasNumbers &&
        numbers.map(([label, value]) =>
          value === null ? null : (
            <div key={label}>
              <dt>{label}</dt>
              <dd>
                {format.number(value)}
                {unit !== null && <span class="unit"> {unit}</span>}
              </dd>
            </div>
          ),
        )}
      <div>
        <dt>{text.widget.count}</dt>
        <dd>{format.number(count)}</dd>
      </div>
    </dl>
  );
}

interface TimesProps {
  totals: StateTimes;
  lanes: readonly string[];
  nameOf(state: string): string;
}

/** The legend of the lanes, with how long each state lasted. */
export function TimesInStates({ totals, lanes, nameOf }: TimesProps) {
  const text = useText();
  const format = useFormat();
  const whole = [...totals.values()].reduce((sum, seconds) => sum + seconds, 0);
  const laned = new Map(lanes.map((lane) => [lane, 0]));
  for (const [state, seconds] of totals) {
    const lane = laned.has(state) ? state : OTHER;
    laned.set(lane, (laned.get(lane) ?? 0) + seconds);
  }
  return (
    <table class="times">
      <caption>{text.widget.inState}</caption>
      <thead>
        <tr>
          <th scope="col">{text.widget.state}</th>
          <th scope="col">{text.widget.time}</th>
          <th scope="col">{text.widget.share}</th>
        </tr>
      </thead>
      <tbody>
        {[...laned].map(([state, seconds]) => (
          <tr key={state}>
            <th scope="row">
              <span
                class="swatch"
                style={{ background: `var(${colourOf(state, lanes)})` }}
                aria-hidden="true"
              />
              <span class="state-name">{nameOf(state)}</span>
            </th>
            <td>{lengthLabel(seconds * 1000, format.locale)}</td>
            <td>{format.percent(whole === 0 ? 0 : seconds / whole)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
