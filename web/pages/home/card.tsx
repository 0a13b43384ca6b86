import type { Widget } from '../../client/index.ts';
import { isOn, type Shown, shownOf } from '../../state/index.ts';
import { useCore, useFormat, useNow, useSelect, useText } from '../../ui/context.ts';
import { failureText } from '../../ui/feedback.tsx';
import { Icon } from '../../ui/icon.tsx';
import { memo } from '../../ui/memo.ts';
import { linkTo } from '../../ui/route.ts';
import { Control } from './control.tsx';

/** A value that is older than this is told to be: devices report each second or so, thermometers each few minutes. */
const STALE_MS = 10 * 60_000;

/** When the device last told the value, where that is worth a word. */
function Freshness({ widget }: { widget: Widget }) {
  const text = useText();
  const format = useFormat();
  const now = useNow(10_000);
  const { value_at: at, device } = widget;
  const offline = device.status === 'offline';
  const isButton = widget.capability.control_type === 'button';
  if (at === null) {
    if (isButton && !offline) return null;
    return <p class="card-state">{offline ? text.card.neverOffline : text.card.never}</p>;
  }
  const ago = format.ago(at, now);
  if (offline) {
    return (
      <p class="card-state offline">
        <span class="dot" aria-hidden="true" />
        {text.card.offlineSince(ago)}
      </p>
    );
  }
  const isSensor = widget.capability.control_type === 'sensor';
  if (!isSensor || now - Date.parse(at) < STALE_MS) return null;
  return <p class="card-state stale">{text.card.lastHeard(ago)}</p>;
}

/** What came of the last command, where it did not go as asked. */
export function Outcome({ widget, shown }: { widget: Widget; shown: Shown }) {
  const text = useText();
  const { commander } = useCore();
  const { waiting, fault } = shown;
  if (waiting !== null) {
    return (
      <p class="card-state waiting">
        <Icon name="wait" size={16} />
        {text.card.waiting[waiting]}
      </p>
    );
  }
  if (fault === null) return null;
  return (
    <p class="card-state fault">
      <Icon name="alert" size={16} />
      <span>{faultText(text, fault)}</span>
      <button
        type="button"
        class="button quiet icon-only tiny"
        aria-label={text.card.dismiss}
        onClick={() => commander.dismiss(widget.widget_id)}
      >
        <Icon name="close" size={16} />
      </button>
    </p>
  );
}

function faultText(text: ReturnType<typeof useText>, fault: NonNullable<Shown['fault']>): string {
  const words = text.card.fault;
  const { phase, failure } = fault;
  switch (phase) {
    case 'rejected':
      return failure === null || failure.text === '' ? words.rejected : words.rejectedWith(failure.text);
    case 'failed':
      if (failure?.code === 'UNREACHABLE') return words.unknown;
      return failure === null ? words.failed : words.failedWith(failureText(text, failure));
    default:
      return words[phase];
  }
}

/** One widget. It is drawn again when the widget, its command, or the time that it tells is another. */
export const Card = memo(function Card({ widget }: { widget: Widget }) {
  const text = useText();
  const command = useSelect(({ commands }) => commands.get(widget.widget_id));
  const shown = shownOf(widget, command);
  const { name, device, capability } = widget;
  const classes = ['card'];
  if (device.status === 'offline') classes.push('is-offline');
  if (shown.waiting !== null) classes.push('is-waiting');
  if (capability.control_type === 'toggle' && isOn(shown.value)) classes.push('is-on');
  return (
    <li class={classes.join(' ')} data-widget={widget.widget_id}>
      <header class="card-head">
        <h2 id={`card-${widget.widget_id}`}>{name}</h2>
        <p class="card-device">{device.device_name}</p>
        <a
          class="card-history"
          href={linkTo('widgets', widget.widget_id)}
          aria-label={text.card.history(`${name}, ${device.device_name}`)}
        >
          <Icon name="chart" size={18} />
        </a>
      </header>
      <Control widget={widget} shown={shown} />
      <footer class="card-foot" aria-live="polite">
        <Outcome widget={widget} shown={shown} />
        {shown.waiting === null && <Freshness widget={widget} />}
      </footer>
    </li>
  );
});
