import type { HistoryStatus } from '../../client/index.ts';
import type { Failure } from '../../state/index.ts';
import { useFormat, useText } from '../../ui/context.ts';
import { FailureNotice, Loading } from '../../ui/feedback.tsx';

interface HistoryPanelProps {
  history: HistoryStatus | null;
  failure: Failure | null;
}

/** What is kept of readings, since when, and the room that it takes. */
export function HistoryPanel({ history, failure }: HistoryPanelProps) {
  const text = useText();
  return (
    <section class="panel">
      <h2>{text.system.historyTitle}</h2>
      <FailureNotice failure={failure} />
      {history === null ? failure === null && <Loading /> : <Kept history={history} />}
    </section>
  );
}

const PARTS = ['readings', 'chunks', 'minute_rollups', 'hour_rollups'] as const;

function Kept({ history }: { history: HistoryStatus }) {
  const text = useText();
  const format = useFormat();
  const since = (at: string | null) =>
    at === null ? text.system.keptAll : text.system.keptSince(format.date(at));
  const total = PARTS.reduce((sum, part) => sum + history.bytes[part], 0);
  const share = (part: (typeof PARTS)[number]) => (total === 0 ? 0 : history.bytes[part] / total);
  return (
    <>
      <dl class="pairs">
        <Pair name={text.system.keptRaw} value={since(history.raw_from)} />
        <Pair name={text.system.keptMinutes} value={since(history.minutes_from)} />
        <Pair name={text.system.keptHours} value={text.system.keptAll} />
        <Pair name={text.system.packedDays} value={format.number(history.packed_days)} />
        <Pair name={text.system.plainDays} value={format.number(history.plain_days)} />
        {history.late_hours > 0 && (
          <Pair name={text.system.lateHours} value={format.number(history.late_hours)} />
        )}
      </dl>
      <div class="disk">
        <div class="flow-head">
          <h3>{text.system.sizes}</h3>
          <p class="pair-value">{format.bytes(total)}</p>
        </div>
        <div class="meter parts" aria-hidden="true">
          {PARTS.map((part) => (
            <span key={part} class={part} style={{ width: `${share(part) * 100}%` }} />
          ))}
        </div>
        <dl class="pairs">
          {PARTS.map((part) => (
            <div key={part}>
              <dt>
                <span class={`swatch ${part}`} aria-hidden="true" />
                {text.system.sizeParts[part]}
              </dt>
              <dd>{format.bytes(history.bytes[part])}</dd>
            </div>
          ))}
        </dl>
      </div>
    </>
  );
}

function Pair({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
