import { setTimeout as sleep } from 'node:timers/promises';
import type postgres from 'postgres';
import type { Hear, Notices, Told } from '../domain/cluster.ts';
import type { Log } from '../domain/ports.ts';

const CHANNEL = 'pm_iot';
/** PostgreSQL takes less than 8000 bytes. */
const MAX_BYTES = 7800;
/** Waiting while the database is away; beyond it everybody is told to read everything again. */
const MAX_WAITING = 10_000;
const RETRY_MS = 500;
const BARRIER_LIMIT_MS = 2000;
/** Ours come back to us as well: when none does for so long though they are sent, the connection listens to nothing. */
const DEAF_AFTER_MS = 6000;
const NOTIFY = `select pg_notify('${CHANNEL}', p) from unnest($1::text[]) as t(p)`;

type Entry = readonly [kind: string, body: Told];

export interface NoticesDeps {
  nodeId: string;
  sql: postgres.Sql;
  /** A connection of its own that is told what is notified, and of its end. */
  connectListener: (told: { onNotify: (payload: string) => void; onClose: () => void }) => postgres.Sql;
  log: Log;
}

export interface NoticesService extends Notices {
  /** Resolves once it listens. */
  start(): Promise<void>;
  /** Sends what waits, once. */
  stop(): Promise<void>;
}

/** See `Notices`: PostgreSQL's LISTEN and NOTIFY, with an end to every silence. */
export function createNotices({ nodeId, sql, connectListener, log }: NoticesDeps): NoticesService {
  const hearers = new Map<string, Hear[]>();
  const resyncs: (() => void | Promise<void>)[] = [];
  const working = new Set<Promise<unknown>>();
  const barriers = new Map<number, () => void>();
  let waiting: Entry[] = [];
  let sending: Promise<void> | null = null;
  let stopped = false;
  let listener: postgres.Sql | null = null;
  let lastBarrier = 0;
  let heardAt = performance.now();
  let sentAt = 0;

  const work = (task: () => void | Promise<void>) => {
    const done = Promise.resolve()
      .then(task)
      .catch((error: unknown) => log.warn({ err: error }, 'what another node told could not be dealt with'))
      .finally(() => working.delete(done));
    working.add(done);
  };

  const resyncAll = () => {
    for (const resync of resyncs) work(resync);
  };

  const hear = (from: string, [kind, body]: Entry) => {
    if (from === nodeId) {
      if (kind !== 'barrier') return;
      const pass = barriers.get(Number(body));
      void Promise.all(working).then(pass);
      return;
    }
    if (kind === 'resync') return resyncAll();
    for (const each of hearers.get(kind) ?? []) work(() => each(body as never, from));
  };

  const onNotify = (payload: string) => {
    heardAt = performance.now();
    try {
      const [from, entries] = JSON.parse(payload) as [string, Entry[]];
      for (const entry of entries) hear(from, entry);
    } catch (error) {
      log.warn({ err: error }, 'a notice of another node could not be read');
    }
  };

  /** As few payloads as hold them all. */
  const payloadsOf = (entries: readonly Entry[]): string[] => {
    const payloads: string[] = [];
    let part: string[] = [];
    let bytes = 0;
    const finish = () => {
      if (part.length > 0) payloads.push(`[${JSON.stringify(nodeId)},[${part.join(',')}]]`);
      part = [];
      bytes = 0;
    };
    for (const entry of entries) {
      const given = JSON.stringify(entry);
      const text = Buffer.byteLength(given) > MAX_BYTES - 100 ? '["resync",null]' : given;
      const size = Buffer.byteLength(text) + 1;
      if (bytes + size > MAX_BYTES - 100) finish();
      part.push(text);
      bytes += size;
    }
    finish();
    return payloads;
  };

  const flush = async () => {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await sql.unsafe(
          NOTIFY,
          [
            `{${payloadsOf(batch)
              .map((text) => JSON.stringify(text))
              .join(',')}}`,
          ],
          {
            prepare: true,
          },
        );
        sentAt = performance.now();
      } catch (error) {
        log.debug({ err: error, waiting: batch.length }, 'notices could not be sent: trying again');
        waiting = [...batch, ...waiting];
        if (waiting.length > MAX_WAITING) waiting = [['resync', null]];
        if (stopped) return;
        await sleep(RETRY_MS);
      }
    }
  };

  /** What is told in one turn goes together. */
  const sendSoon = () => {
    sending ??= new Promise<void>((resolve) => setImmediate(resolve)).then(flush).finally(() => {
      sending = null;
      if (waiting.length > 0 && !stopped) sendSoon();
    });
  };

  const send = (kind: string, body: Told) => {
    waiting.push([kind, body]);
    sendSoon();
  };

  /** Listens, for ever anew; each time but the first something may have been missed. */
  const listen = async (onFirst: () => void) => {
    for (let first = true; !stopped; ) {
      const closed = new Promise<void>((resolve) => {
        listener = connectListener({ onNotify, onClose: resolve });
      });
      const current = listener as postgres.Sql | null;
      try {
        await current?.unsafe(`listen ${CHANNEL}`);
        heardAt = performance.now();
        if (first) onFirst();
        else resyncAll();
        first = false;
        await closed;
      } catch (error) {
        log.debug({ err: error }, 'notices cannot be heard: trying again');
      }
      void current?.end({ timeout: 0 }).catch(() => {});
      if (!stopped) await sleep(RETRY_MS);
    }
  };

  const notDeaf = setInterval(() => {
    const deaf = sentAt - heardAt > DEAF_AFTER_MS / 2 && performance.now() - heardAt > DEAF_AFTER_MS;
    if (!deaf) return;
    log.warn({}, 'notices of the database do not arrive: listening anew');
    void listener?.end({ timeout: 0 }).catch(() => {});
  }, DEAF_AFTER_MS / 4).unref();

  return {
    send,
    on: (kind, each) => void hearers.set(kind, [...(hearers.get(kind) ?? []), each]),
    onGap: (resync) => void resyncs.push(resync),
    barrier: () =>
      new Promise((resolve) => {
        const number = ++lastBarrier;
        const pass = () => {
          clearTimeout(timer);
          barriers.delete(number);
          resolve();
        };
        const timer = setTimeout(pass, BARRIER_LIMIT_MS);
        barriers.set(number, pass);
        send('barrier', number);
      }),
    start: () => new Promise((resolve) => void listen(resolve)),
    stop: async () => {
      stopped = true;
      clearInterval(notDeaf);
      await sending;
      await flush();
      await listener?.end({ timeout: 0 });
    },
  };
}
