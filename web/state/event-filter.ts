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

/** Of the parts of an address, `['room', '3', 'from', '2026-01-15']`: what makes no sense is left out. */
export function filterOf(parts: readonly string[]): EventFilter {
  const filter = { ...ANY_EVENT };
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [name, value = ''] = parts.slice(at, at + 2);
    if (name === 'group') filter.group = isEventGroup(value) ? value : null;
    if (name === 'device') filter.device = short(value, LONGEST_DEVICE);
    if (name === 'room') filter.room = idOrNull(value);
    if (name === 'person') filter.person = short(value, LONGEST_PERSON);
    if (name === 'from') filter.from = dayOrNull(value);
    if (name === 'to') filter.to = dayOrNull(value);
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
