import type { Event } from '../client/index.ts';

type Detail = Event['detail'][string] | undefined;

/** Something that stands in a sentence, and is shown in its own way. */
export type Part =
  | { is: 'text'; text: string }
  /** Whoever did it: a person, a device that `id` tells, or a word for the server itself. */
  | { is: 'actor'; name: string }
  /** `plain`: by its id, where its name of today would mislead. */
  | { is: 'device'; id: string | null; plain: boolean }
  | { is: 'room'; id: number | null; name: string | null; gone: boolean }
  | { is: 'widget'; id: number | null }
  | { is: 'name'; text: string }
  | { is: 'role' | 'limit' | 'certificate' | 'why'; name: string }
  | { is: 'number' | 'bytes' | 'days'; value: number }
  | { is: 'time' | 'date'; at: string };

/** A word and a colour beside a sentence that tells of more than a change. */
export type Mark = 'failed' | 'refused' | 'attention' | 'done';

export interface Sentence {
  /** Of the words of a language. */
  key: string;
  mark: Mark | null;
  parts: Readonly<Record<string, Part>>;
  /** How many more like it came within a minute. */
  repeated: number;
}

/** Where one kind tells of several things. The first is taken when the event does not say. */
export const VARIANTS: Partial<Record<Event['kind'], readonly [string, ...string[]]>> = {
  widget_updated: ['changed', 'include', 'exclude', 'renamed'],
  device_registered: ['itself', 'imported'],
  device_unpaired: ['loose', 'room'],
  pair_rejected: ['rejected', 'offline', 'timeout'],
  command_finished: ['executed', 'rejected', 'timed_out', 'expired'],
  denied: ['publish', 'subscribe', 'connect'],
  certificate_ends: ['soon', 'ended'],
  history_dropped: ['retention', 'disk'],
  disk_low: ['low', 'critical', 'ok'],
};

const MARKS: Readonly<Record<string, Mark>> = {
  login_failed: 'refused',
  login_locked: 'refused',
  denied: 'refused',
  limit_reached: 'refused',
  pair_rejected: 'failed',
  command_finished: 'failed',
  'command_finished.executed': 'done',
  certificate_ends: 'attention',
  history_waits: 'attention',
  'history_dropped.disk': 'attention',
  disk_low: 'attention',
  'disk_low.critical': 'failed',
  'disk_low.ok': 'done',
  backup_failed: 'failed',
};

/** The keys that a language must have words for. */
export const keysOf = (kind: Event['kind']): string[] =>
  (VARIANTS[kind] ?? ['']).map((variant) => (variant === '' ? kind : `${kind}.${variant}`));

function variantOf({ kind, room_id, detail }: Event): string | undefined {
  switch (kind) {
    case 'widget_updated':
      if (typeof detail.name === 'string') return 'renamed';
      return typeof detail.status === 'string' ? detail.status : 'changed';
    case 'device_registered':
      return detail.imported === true ? 'imported' : 'itself';
    case 'device_unpaired':
      return room_id === null ? 'loose' : 'room';
    case 'certificate_ends':
      return numberOf(detail.days) < 0 ? 'ended' : 'soon';
    default:
      return String(detail.status ?? detail.outcome ?? detail.action ?? detail.reason ?? detail.state);
  }
}

function keyOf(event: Event): string {
  const variants = VARIANTS[event.kind];
  if (variants === undefined) return event.kind;
  const told = variantOf(event);
  return `${event.kind}.${variants.find((variant) => variant === told) ?? variants[0]}`;
}

const numberOf = (value: Detail) => (typeof value === 'number' ? value : 0);
const idOf = (value: Detail) => (typeof value === 'number' ? value : null);
const textOf = (value: Detail) => (value === null || value === undefined ? '' : String(value));

/** Which words tell an event, and what stands in them. */
export function sentenceOf(event: Event): Sentence {
  const { kind, actor, device_id, room_id, detail } = event;
  const key = keyOf(event);
  const name = typeof detail.name === 'string' ? detail.name : null;
  const plain = kind === 'device_renamed' || kind === 'device_deleted';
  return {
    key,
    mark: MARKS[key] ?? MARKS[kind] ?? null,
    repeated: numberOf(detail.repeated),
    parts: {
      actor: { is: 'actor', name: actor },
      device: { is: 'device', id: device_id, plain },
      room: { is: 'room', id: room_id, name, gone: kind === 'room_deleted' },
      widget: { is: 'widget', id: idOf(detail.widget_id) },
      kind: { is: 'text', text: kind },
      user: { is: 'name', text: textOf(detail.username) },
      name: { is: 'name', text: name ?? '' },
      value: { is: 'name', text: textOf(detail.value) },
      topic: { is: 'name', text: textOf(detail.topic) },
      why: { is: 'why', name: textOf(detail.why) },
      address: { is: 'text', text: textOf(detail.address) || '?' },
      role: { is: 'role', name: textOf(detail.role) || 'USER' },
      limit: { is: 'limit', name: textOf(detail.limit) },
      certificate: { is: 'certificate', name: textOf(detail.certificate) },
      // One that ends within hours has no whole day left.
      days: { is: 'days', value: Math.max(1, numberOf(detail.days)) },
      token: { is: 'number', value: numberOf(detail.enrollment_id) },
      stored: { is: 'number', value: numberOf(detail.stored) },
      known: { is: 'number', value: numberOf(detail.known) },
      refused: { is: 'number', value: numberOf(detail.refused) },
      readings: { is: 'number', value: numberOf(detail.readings) },
      free: { is: 'bytes', value: numberOf(detail.free) },
      day: { is: 'date', at: textOf(detail.day) },
      since: { is: 'time', at: textOf(detail.since) },
      now: { is: 'time', at: textOf(detail.now) },
    },
  };
}

/** A template such as `{actor} deleted {device}`, with its parts in their places. */
export function filled(template: string, parts: Sentence['parts']): Part[] {
  return template.split(/(\{\w+\})/).flatMap((piece): Part[] => {
    if (piece === '') return [];
    const slot = /^\{(\w+)\}$/.exec(piece)?.[1];
    return [(slot !== undefined && parts[slot]) || { is: 'text', text: piece }];
  });
}
