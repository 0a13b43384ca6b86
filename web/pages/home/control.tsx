import { useEffect, useRef, useState } from 'preact/hooks';
import type { Widget } from '../../client/index.ts';
import { type CommandValue, isOn, type Shown, switched } from '../../state/index.ts';
import { useCore, useFormat, useMedia, useText } from '../../ui/context.ts';
import { Icon } from '../../ui/icon.tsx';
import { Sparkline } from './sparkline.tsx';

interface ControlProps {
  widget: Widget;
  shown: Shown;
}

/** What a widget is used or read with. */
export function Control(props: ControlProps) {
  switch (props.widget.capability.control_type) {
    case 'toggle':
      return <Toggle {...props} />;
    case 'slider':
      return <Slider {...props} />;
    case 'mode':
      return <Mode {...props} />;
    case 'text':
      return <TextControl {...props} />;
    case 'button':
      return <PressButton {...props} />;
    default:
      return <Sensor {...props} />;
  }
}

function useGive(widgetId: number): (value: CommandValue) => void {
  const { commander } = useCore();
  return (value) => commander.give(widgetId, value);
}

const labelOf = (widgetId: number) => `card-${widgetId}`;

function Toggle({ widget, shown }: ControlProps) {
  const text = useText();
  const give = useGive(widget.widget_id);
  const on = isOn(shown.value);
  return (
    <button
      type="button"
      class="switch"
      role="switch"
      aria-checked={on}
      aria-labelledby={labelOf(widget.widget_id)}
      onClick={() => give(switched(widget.value, !on))}
    >
      <span class="switch-track" aria-hidden="true">
        <span class="switch-knob" />
      </span>
      <span class="switch-word" aria-hidden="true">
        {shown.value === null ? '–' : on ? text.card.on : text.card.off}
      </span>
    </button>
  );
}

const MOST_STEPS = 100;

/** Whole numbers where the range has enough of them. */
function stepOf(min: number, max: number): number {
  const span = max - min;
  return Number.isInteger(min) && Number.isInteger(max) && span >= 5 ? 1 : span / MOST_STEPS || 1;
}

function Slider({ widget, shown }: ControlProps) {
  const format = useFormat();
  const give = useGive(widget.widget_id);
  const { min, max, unit } = widget;
  const low = min ?? 0;
  const high = max ?? 100;
  /** Where the finger has it; null while nobody moves it. */
  const [held, setHeld] = useState<number | null>(null);
  const given = Number(shown.value);
  const value = held ?? (shown.value === null || Number.isNaN(given) ? low : given);
  const told = `${format.number(value)}${unit === null ? '' : ` ${unit}`}`;
  const letGo = () => {
    if (held === null) return;
    setHeld(null);
    if (held !== given || shown.value === null) give(held);
  };
  return (
    <div class="slider">
      <output class="card-value">{shown.value === null && held === null ? '–' : told}</output>
      <input
        type="range"
        min={low}
        max={high}
        step={stepOf(low, high)}
        value={value}
        aria-labelledby={labelOf(widget.widget_id)}
        aria-valuetext={told}
        style={{ '--share': String((value - low) / (high - low || 1)) }}
        onInput={(event) => setHeld(event.currentTarget.valueAsNumber)}
        onChange={letGo}
        onBlur={letGo}
      />
    </div>
  );
}

/** Two cards stand beside each other there: too narrow for buttons in a row. */
const PHONE = '(max-width: 599px)';

function Mode({ widget, shown }: ControlProps) {
  const give = useGive(widget.widget_id);
  const options = widget.options ?? [];
  const isPhone = useMedia(PHONE);
  // Imported, and not registered by a device yet.
  if (options.length === 0) return <Sensor widget={widget} shown={shown} />;
  if (isPhone || options.length > 4 || options.join('').length > 24) {
    const known = options.includes(String(shown.value));
    return (
      <select
        class="mode-list"
        aria-labelledby={labelOf(widget.widget_id)}
        value={known ? String(shown.value) : ''}
        onChange={(event) => give(event.currentTarget.value)}
      >
        {!known && <option value="">–</option>}
        {options.map((option) => (
          <option key={option} value={option}>
            {option}
          </option>
        ))}
      </select>
    );
  }
  return (
    <fieldset class="modes" aria-labelledby={labelOf(widget.widget_id)}>
      {options.map((option) => (
        <button type="button" key={option} aria-pressed={option === shown.value} onClick={() => give(option)}>
          {option}
        </button>
      ))}
    </fieldset>
  );
}

function TextControl({ widget, shown }: ControlProps) {
  const text = useText();
  const give = useGive(widget.widget_id);
  const [draft, setDraft] = useState<string | null>(null);
  const told = shown.value === null ? '' : String(shown.value);
  return (
    <form
      class="text-control"
      onSubmit={(event) => {
        event.preventDefault();
        if (draft === null) return;
        give(draft);
        setDraft(null);
      }}
    >
      <input
        type="text"
        value={draft ?? told}
        aria-label={text.card.newText(widget.name)}
        maxLength={1000}
        onInput={(event) => setDraft(event.currentTarget.value)}
      />
      <button type="submit" class="button icon-only" aria-label={text.card.send} disabled={draft === null}>
        <Icon name="send" />
      </button>
    </form>
  );
}

/** How long a press is confirmed for the eye. */
const DONE_MS = 2000;

function PressButton({ widget, shown }: ControlProps) {
  const text = useText();
  const give = useGive(widget.widget_id);
  const [done, setDone] = useState(false);
  const wasWaiting = useRef(false);
  const { waiting, fault } = shown;
  useEffect(() => {
    const ended = wasWaiting.current && waiting === null;
    wasWaiting.current = waiting !== null;
    if (!ended || fault !== null) return;
    setDone(true);
    const timer = setTimeout(() => setDone(false), DONE_MS);
    return () => clearTimeout(timer);
  }, [waiting, fault]);
  return (
    <button
      type="button"
      class="button press"
      aria-describedby={labelOf(widget.widget_id)}
      disabled={shown.waiting !== null}
      onClick={() => give('PRESS')}
    >
      {done ? (
        <>
          <Icon name="check" size={18} />
          {text.card.done}
        </>
      ) : (
        text.card.press
      )}
    </button>
  );
}

function Sensor({ widget, shown }: ControlProps) {
  const text = useText();
  const format = useFormat();
  const { value } = shown;
  const number = typeof value === 'number' ? value : Number.NaN;
  const isNumber = !Number.isNaN(number) || (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value));
  const words = () => {
    if (value === null) return '–';
    if (isNumber) return format.number(Number(value));
    if (typeof value === 'boolean') return value ? text.common.yes : text.common.no;
    return String(value);
  };
  return (
    <div class="sensor">
      <p class={isNumber || value === null ? 'card-value' : 'card-value words'}>
        {words()}
        {widget.unit !== null && value !== null && <span class="unit"> {widget.unit}</span>}
      </p>
      {isNumber && <Sparkline widget={widget} />}
    </div>
  );
}
