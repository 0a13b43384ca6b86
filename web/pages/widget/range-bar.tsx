import { useState } from 'preact/hooks';
import { spanLabel } from '../../state/axis-labels.ts';
import { isPreset, LONGEST_MS, PRESETS, SHORTEST_MS } from '../../state/history-range.ts';
import { useFormat, useText } from '../../ui/context.ts';
import { Icon, type IconName } from '../../ui/icon.tsx';
import { RangeDialog } from './range-dialog.tsx';
import type { Range } from './use-range.ts';

const ZOOM = 2;
/** The present moves on: an end that is this near to it has nothing after it. */
const PRESENT_MS = 1500;

/** Which time the chart shows, and everything that hands do to it, as buttons. */
export function RangeBar({ range, loading }: { range: Range; loading: boolean }) {
  const text = useText();
  const format = useFormat();
  const [choosing, setChoosing] = useState(false);
  const { shown, span, now } = range;
  const length = span.to - span.from;
  const live = isPreset(shown);
  const label = spanLabel(span.from, span.to, format.locale);
  const button = (icon: IconName, name: string, run: (() => void) | null) => (
    <button
      type="button"
      class="button quiet icon-only"
      aria-label={name}
      title={name}
      aria-disabled={run === null}
      onClick={() => run?.()}
    >
      <Icon name={icon} />
    </button>
  );
  const isLast = live || span.to >= now - PRESENT_MS;
  return (
    <div class="range-bar">
      <fieldset class="modes range-presets" aria-label={text.widget.last}>
        {PRESETS.map((preset) => (
          <button
            type="button"
            key={preset}
            aria-pressed={live && shown.preset === preset}
            onClick={() => range.pick(preset)}
          >
            {text.widget.preset[preset]}
          </button>
        ))}
        <button type="button" aria-pressed={!live} onClick={() => setChoosing(true)}>
          {text.widget.custom}
        </button>
      </fieldset>
      <div class="range-row">
        {button('back', text.widget.earlier, () => range.step(-1))}
        <p class="range-title" aria-live={live ? 'off' : 'polite'}>
          {label}
        </p>
        {button('forward', text.widget.later, isLast ? null : () => range.step(1))}
        <span class="range-break" />
        <span class="range-loading" role="status">
          {loading && (
            <>
              <span class="spinner" aria-hidden="true" />
              <span class="visually-hidden">{text.common.loading}</span>
            </>
          )}
        </span>
        {button('zoomIn', text.widget.zoomIn, length <= SHORTEST_MS ? null : () => range.zoom(1 / ZOOM))}
        {button('zoomOut', text.widget.zoomOut, length >= LONGEST_MS ? null : () => range.zoom(ZOOM))}
        {button('refresh', text.widget.reset, range.reset)}
      </div>
      {choosing && (
        <RangeDialog
          span={span}
          onClose={() => setChoosing(false)}
          onChoose={(next) => {
            setChoosing(false);
            range.show(next);
          }}
        />
      )}
    </div>
  );
}
