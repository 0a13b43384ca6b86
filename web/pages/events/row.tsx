import { useId, useState } from 'preact/hooks';
import type { Event } from '../../client/index.ts';
import { type EventGroup, groupOf } from '../../state/event-groups.ts';
import { type Mark, type Sentence, sentenceOf } from '../../state/event-sentence.ts';
import { useFormat, useText } from '../../ui/context.ts';
import { Icon, type IconName } from '../../ui/icon.tsx';
import { memo } from '../../ui/memo.ts';
import type { Names } from './names.ts';
import { SentenceView } from './sentence.tsx';

const ICONS: Record<EventGroup, IconName> = {
  access: 'key',
  people: 'users',
  rooms: 'rooms',
  devices: 'devices',
  commands: 'switch',
  refusals: 'shield',
  upkeep: 'disk',
};
const TONES: Record<Mark, 'bad' | 'warn' | 'good'> = {
  failed: 'bad',
  refused: 'bad',
  attention: 'warn',
  done: 'good',
};

export const EventRow = memo(({ event, names }: { event: Event; names: Names }) => {
  const text = useText();
  const format = useFormat();
  const id = useId();
  const [open, setOpen] = useState(false);
  const sentence = sentenceOf(event);
  const { mark, repeated } = sentence;
  const time = format.time(event.at);
  return (
    <li class="event">
      <span class={`event-icon ${mark === null ? '' : TONES[mark]}`}>
        <Icon name={ICONS[groupOf(event.kind)]} size={18} />
      </span>
      <div class="event-words">
        <SentenceView event={event} sentence={sentence} names={names} />
        <Marks sentence={sentence} />
        {repeated > 0 && <span class="badge">{text.events.repeated(format.number(repeated))}</span>}
      </div>
      <button
        type="button"
        class="event-time"
        aria-expanded={open}
        aria-controls={id}
        aria-label={text.events.details(time)}
        onClick={() => setOpen(!open)}
      >
        <time dateTime={event.at}>{time}</time>
        <Icon name={open ? 'up' : 'down'} size={16} />
      </button>
      <div id={id} class="event-details" hidden={!open}>
        {open && <Details event={event} />}
      </div>
    </li>
  );
});

function Marks({ sentence: { mark } }: { sentence: Sentence }) {
  const text = useText();
  if (mark === null || mark === 'done') return null;
  return (
    <span class={`badge ${TONES[mark]}`}>
      <Icon name="alert" size={14} />
      {text.events.marks[mark]}
    </span>
  );
}

/** All that the server keeps of it, as it is kept. */
function Details({ event }: { event: Event }) {
  const text = useText();
  const format = useFormat();
  const facts: [string, string][] = [
    [text.events.when, format.dateTime(event.at)],
    ['UTC', event.at],
    [text.events.kindName, event.kind],
    [text.events.number, String(event.id)],
    [text.events.actor, event.actor],
    ...(event.device_id === null ? [] : [[text.common.device, event.device_id] as [string, string]]),
    ...(event.room_id === null ? [] : [[text.events.roomNumber, String(event.room_id)] as [string, string]]),
    ...Object.entries(event.detail).map(([name, value]): [string, string] => [name, String(value)]),
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd dir="auto">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
