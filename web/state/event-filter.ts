import type { Event } from '../client/index.ts';
import { EVENT_GROUPS, type EventGroup, isEventGroup } from './event-groups.ts';

/** Which events are looked at; null: any. */
export interface EventFilter {
  group: EventGroup | null;
  device: string | null;
  room: number | null;
  person: string | null;
  /** Days of the calendar where the app is used, both included: `2026-01-15`. */
  from: string | null;
  to: string | null;
}

export const ANY_EVENT: EventFilter = {
  group: null,
  device: null,
  room: null,
  person: null,
  from: null,
  to: null,
};

/** A device's id and an actor's name are not longer on the server, which would refuse them. */
const LONGEST_DEVICE = 64;
const LONGEST_PERSON = 256;
const LARGEST_ID = 2_147_483_647;

function midnight(day: string, daysLater = 0): Date | null {
  const [, year, month, date] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day) ?? [];
  if (year === undefined) return null;
  const at = new Date(Number(year), Number(month) - 1, Number(date));
  if (at.getMonth() !== Number(month) - 1) return null;
  at.setDate(at.getDate() + daysLater);
  return at;
}

const short = (value: string, longest: number) => (value.length <= longest ? value : null);
const idOrNull = (text: string) =>
  /^[1-9]\d*$/.test(text) && Number(text) <= LARGEST_ID ? Number(text) : null;
const dayOrNull = (text: string) => (midnight(text) === null ? null : text);

/** How each part of a filter is read; null: it makes no sense. */
const READERS: { [Name in keyof EventFilter]: (text: string) => EventFilter[Name] } = {
  group: (text) => (isEventGroup(text) ? text : null),
  device: (text) => short(text, LONGEST_DEVICE),
  room: idOrNull,
  person: (text) => short(text, LONGEST_PERSON),
  from: dayOrNull,
  to: dayOrNull,
};

/** Of the parts of an address, `['room', '3', 'person', 'ada']`: what makes no sense is left out. */
export function filterOf(parts: readonly string[]): EventFilter {
  const filter = { ...ANY_EVENT };
  for (const name of Object.keys(READERS) as (keyof EventFilter)[]) {
    const text = parts.find((_, at) => at % 2 === 1 && parts[at - 1] === name);
    if (text !== undefined) Object.assign(filter, { [name]: READERS[name](text) });
  }
  return filter;
}

export const partsOf = (filter: EventFilter): string[] =>
  Object.entries(filter).flatMap(([name, value]) =>
    value === null || value === '' ? [] : [name, String(value)],
  );

export const isFiltered = (filter: EventFilter): boolean => partsOf(filter).length > 0;

export interface EventQuery {
  device_id?: string;
  room_id?: number;
  user?: string;
  kind?: readonly Event['kind'][];
  from?: string;
  to?: string;
}

/** What the server is asked. Days that were given the wrong way round are turned. */
export function queryOf({ group, device, room, person, from, to }: EventFilter): EventQuery {
  const [first, last] = from !== null && to !== null && from > to ? [to, from] : [from, to];
  const begin = first === null ? null : midnight(first);
  const end = last === null ? null : midnight(last, 1);
  return {
    ...(group !== null && { kind: EVENT_GROUPS[group] }),
    ...(device && { device_id: device }),
    ...(room !== null && { room_id: room }),
    ...(person && { user: person }),
    ...(begin !== null && { from: begin.toISOString() }),
    // Its last microsecond: both ends are included.
    ...(end !== null && { to: new Date(end.getTime() - 1).toISOString().replace('Z', '999Z') }),
  };
}
