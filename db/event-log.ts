import type { EventLog, Log, NewEvent } from './domain/ports.ts';
import type { Fill } from './metrics/queues.ts';
import type { EventStore } from './stores/events.ts';

/** Events that wait for the database; beyond it the oldest give way, counted in the log. */
const MAX_WAITING = 1000;
const WRITE_EVERY_MS = 500;
const RETRY_MS = 2000;
/** The same denial, wrong password or connection again within this is told as one event with a count. */
const COALESCE_MS = 60_000;
/** Names told apart within that time; those beyond it are told together, so that nobody fills the disk with made-up names. */
const MAX_COALESCED = 200;
const MANY = '(many)';
const COALESCED = new Set<NewEvent['kind']>([
  'denied',
  'login_failed',
  'login_locked',
  'mqtt_login',
  'limit_reached',
  'readings_imported',
]);
/** Told together, their numbers are added up: what was done since the last one that was told. */
const SUMMED = new Set<NewEvent['kind']>(['readings_imported']);

interface Repeated {
  event: NewEvent;
  count: number;
  until: number;
}

export interface EventLogService extends EventLog {
  start(): void;
  /** Those that wait, and how many may. */
  fill(): Fill;
  /** Writes what waits, once. */
  stop(): Promise<void>;
}

/** Names and topics come from whoever tries: what PostgreSQL cannot keep must not hold up the events of others. */
const storable = (text: string) => text.replaceAll('\u0000', '\ufffd').toWellFormed();

function storableEvent({ actor, detail = {}, ...event }: NewEvent): NewEvent {
  const entries = Object.entries(detail).map(([name, value]) => [
    name,
    typeof value === 'string' ? storable(value) : value,
  ]);
  return { ...event, actor: storable(actor), detail: Object.fromEntries(entries) };
}

function withSums(event: NewEvent, earlier: NewEvent): NewEvent {
  const detail = { ...event.detail };
  for (const [name, value] of Object.entries(earlier.detail ?? {})) {
    const more = detail[name];
    if (typeof value === 'number') detail[name] = value + (typeof more === 'number' ? more : 0);
  }
  return { ...event, detail };
}

/** See `EventLog`. */
export function createEventLog(deps: { store: EventStore; log: Log; now: () => number }): EventLogService {
  const { store, log, now } = deps;
  let waiting: { at: Date; event: NewEvent }[] = [];
  let dropped = 0;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | null = null;
  const repeated = new Map<string, Repeated>();

  const add = (event: NewEvent) => {
    waiting.push({ at: new Date(now()), event });
    if (waiting.length <= MAX_WAITING) return;
    waiting.shift();
    dropped++;
  };

  /** A wall clock that was set back must not make it last longer. */
  const lasts = (until: number) => until > now() && until <= now() + COALESCE_MS;

  const tellRepeated = (all: boolean) => {
    for (const [key, { event, count, until }] of repeated) {
      if (!all && lasts(until)) continue;
      repeated.delete(key);
      if (count > 0) add({ ...event, detail: { ...event.detail, repeated: count } });
    }
  };

  const write = async (): Promise<boolean> => {
    const batch = waiting;
    waiting = [];
    if (dropped > 0) log.warn({ dropped }, 'events were dropped: too many waited for the database');
    dropped = 0;
    try {
      await store.insert(
        batch.map(({ at, event: { kind, actor, deviceId, roomId, detail } }) => ({
          at,
          kind,
          actor,
          deviceId: deviceId ?? null,
          roomId: roomId ?? null,
          detail: detail ?? {},
        })),
      );
    } catch (error) {
      log.debug({ err: error, waiting: batch.length }, 'events could not be written: trying again');
      const kept = [...batch, ...waiting];
      dropped += Math.max(0, kept.length - MAX_WAITING);
      waiting = kept.slice(-MAX_WAITING);
      return false;
    }
    return true;
  };

  const tick = () => {
    tellRepeated(false);
    if (waiting.length === 0 || writing !== null) return;
    writing = write().then(async (ok) => {
      if (!ok) await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      writing = null;
    });
  };

  return {
    record: (given) => {
      let event = storableEvent(given);
      if (!COALESCED.has(event.kind)) {
        add(event);
        return true;
      }
      const keyOf = ({ kind, actor, deviceId, detail }: NewEvent) =>
        `${kind}\n${actor}\n${deviceId ?? ''}\n${detail?.limit ?? ''}`;
      if (repeated.size >= MAX_COALESCED && !repeated.has(keyOf(event))) {
        const { kind, detail = {} } = event;
        event = { kind, actor: MANY, detail };
      }
      const key = keyOf(event);
      const known = repeated.get(key);
      if (known !== undefined && lasts(known.until)) {
        const isSum = known.count > 0 && SUMMED.has(event.kind);
        known.event = isSum ? withSums(event, known.event) : event;
        known.count++;
        return false;
      }
      repeated.set(key, { event, count: 0, until: now() + COALESCE_MS });
      add(event);
      return true;
    },
    fill: () => ({ depth: waiting.length, limit: MAX_WAITING }),
    start: () => {
      timer = setInterval(tick, WRITE_EVERY_MS);
    },
    stop: async () => {
      clearInterval(timer);
      await writing;
      tellRepeated(true);
      if (waiting.length > 0) await write();
    },
  };
}
