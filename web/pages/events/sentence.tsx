import type { Event } from '../../client/index.ts';
import type { Messages } from '../../i18n/en.ts';
import type { Format } from '../../i18n/format.ts';
import { filled, type Part, type Sentence } from '../../state/event-sentence.ts';
import { useFormat, useText } from '../../ui/context.ts';
import { linkTo } from '../../ui/route.ts';
import type { Names } from './names.ts';

const DAY_MS = 86_400_000;

interface SentenceProps {
  event: Event;
  sentence: Sentence;
  names: Names;
}

/** An event as words of the language, with links to what is still there. */
export function SentenceView({ event, sentence, names }: SentenceProps) {
  const text = useText();
  const format = useFormat();
  const template =
    (text.events.sentences as Record<string, string | undefined>)[sentence.key] ?? text.events.unknownKind;
  return (
    <p class="event-sentence">
      {filled(template, sentence.parts).map((part, index) => (
        <PartView key={index} part={part} event={event} names={names} text={text} format={format} />
      ))}
    </p>
  );
}

interface PartProps {
  part: Part;
  event: Event;
  names: Names;
  text: Messages;
  format: Format;
}

function PartView({ part, event, names, text, format }: PartProps) {
  switch (part.is) {
    case 'device':
      return <DeviceName id={part.id} plain={part.plain} names={names} text={text} />;
    case 'actor': {
      const word = actorWord(part.name, text);
      if (word !== null) return <strong>{word}</strong>;
      if (part.name === event.device_id) {
        return <DeviceName id={part.name} plain={false} names={names} text={text} />;
      }
      return <strong dir="auto">{part.name}</strong>;
    }
    case 'room': {
      const now = part.id === null || part.gone ? undefined : names.rooms.get(part.id);
      const name = part.name ?? now ?? text.events.room(part.id === null ? '?' : format.number(part.id));
      return now === undefined || part.id === null ? (
        <strong dir="auto">{name}</strong>
      ) : (
        <a href={linkTo('rooms', part.id)} dir="auto">
          {name}
        </a>
      );
    }
    case 'widget': {
      const name = part.id === null ? undefined : names.widgets.get(part.id);
      const fallback = text.events.widget(part.id === null ? '?' : format.number(part.id));
      return name === undefined || part.id === null ? (
        fallback
      ) : (
        <a href={linkTo('widgets', part.id)} dir="auto">
          {name}
        </a>
      );
    }
    case 'name':
      return <strong dir="auto">{part.text}</strong>;
    default:
      return wordOf(part, text, format);
  }
}

function DeviceName({
  id,
  plain,
  names,
  text,
}: Pick<PartProps, 'names' | 'text'> & { id: string | null; plain: boolean }) {
  if (id === null) return text.events.goneDevice;
  const name = names.devices.get(id);
  if (name === undefined) return <strong dir="auto">{id}</strong>;
  return (
    <a href={linkTo('devices', id)} dir="auto">
      {plain ? id : name}
    </a>
  );
}

/** Those who are no person and no device. */
export function actorWord(name: string, text: Messages): string | null {
  if (name === 'server' || name === 'system') return text.events.theServer;
  if (name === 'local operator') return text.events.operator;
  return name === '(many)' ? text.events.many : null;
}

type Word = Exclude<Part, { is: 'device' | 'actor' | 'room' | 'widget' | 'name' }>;

function wordOf(part: Word, text: Messages, format: Format): string {
  const known = (words: object, name: string) => (words as Record<string, string | undefined>)[name] ?? name;
  switch (part.is) {
    case 'text':
      return part.text;
    case 'role':
      return known(text.users.roles, part.name);
    case 'limit':
      return known(text.events.limits, part.name);
    case 'why':
      return known(text.events.whys, part.name);
    case 'certificate':
      return known(text.events.certificates, part.name);
    case 'number':
      return format.number(part.value);
    case 'bytes':
      return format.bytes(part.value);
    case 'days':
      return format.span(part.value * DAY_MS);
    case 'time':
      return isTime(part.at) ? format.dateTime(part.at) : part.at;
    case 'date':
      // A day has no zone: at noon it is the same one for the reader.
      return isTime(part.at) ? format.date(`${part.at}T12:00:00`) : part.at;
  }
}

const isTime = (text: string) => !Number.isNaN(Date.parse(text));
