import type { Event } from '../client/index.ts';

type Kind = Event['kind'];

/** Kinds that a person looks for together; each kind is in one of them. */
export const EVENT_GROUPS = {
  access: ['login', 'mqtt_login', 'login_failed', 'login_locked', 'logout', 'password_changed'],
  people: ['user_created', 'user_updated', 'user_deleted'],
  rooms: ['room_created', 'room_renamed', 'room_deleted', 'widgets_ordered', 'widget_updated'],
  devices: [
    'enrollment_created',
    'enrollment_deleted',
    'device_registered',
    'device_renamed',
    'device_deleted',
    'device_paired',
    'device_unpaired',
    'device_secret_renewed',
    'device_revoked',
    'device_reenroll_allowed',
    'device_reenroll_withdrawn',
    'pair_rejected',
  ],
  commands: ['command_requested', 'command_finished'],
  refusals: ['denied', 'limit_reached'],
  upkeep: [
    'certificate_renewed',
    'certificate_ends',
    'history_dropped',
    'history_waits',
    'disk_low',
    'backup_failed',
    'readings_imported',
  ],
} as const satisfies Record<string, readonly Kind[]>;

export type EventGroup = keyof typeof EVENT_GROUPS;
export const eventGroups = Object.keys(EVENT_GROUPS) as EventGroup[];

export const isEventGroup = (name: string): name is EventGroup => Object.hasOwn(EVENT_GROUPS, name);

/** Of a kind that is newer than this app: the last one. */
export const groupOf = (kind: Kind): EventGroup =>
  eventGroups.find((group) => (EVENT_GROUPS[group] as readonly Kind[]).includes(kind)) ?? 'upkeep';

/** A day of the calendar where the app is used: `2026-01-15`. */
export function dayOf(at: string | number): string {
  const date = new Date(at);
  const two = (number: number) => String(number).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

export interface Day {
  day: string;
  events: Event[];
}

/** Events, newest first, by the day that they fell on. */
export function byDay(events: readonly Event[]): Day[] {
  const days: Day[] = [];
  for (const event of events) {
    const day = dayOf(event.at);
    const last = days.at(-1);
    if (last?.day === day) last.events.push(event);
    else days.push({ day, events: [event] });
  }
  return days;
}
