import { setTimeout as sleep } from 'node:timers/promises';
import type postgres from 'postgres';
import type { Client } from '../client.ts';
import type { Hear, Notices, Told } from '../domain/cluster.ts';
import type { Log } from '../domain/ports.ts';
import { createQuestions } from '../domain/questions.ts';

const CHANNEL = 'pm_iot';
/** PostgreSQL takes less than 8000 bytes. */
const MAX_BYTES = 7800;
/** Waiting while the database is away; beyond it everybody is told to read everything again. */
const MAX_WAITING = 10_000;
const RETRY_MS = 500;
const BARRIER_LIMIT_MS = 2000;
/** Ours come back to us as well: when none does for so long though they are sent, the connection listens to nothing. */
const DEAF_AFTER_MS = 6000;
const TOLD_LIMIT_MS = 1000;
const KEPT_MS = 3_600_000;
/** After something could not be read, as while the database starts. */
const READ_AGAIN_MS = 2000;
/** What was told just before the connection broke may not have come. */
const OVERLAP_MS = 15_000;
const SEND = `with kept as (insert into kept_notices (entry) select e::jsonb from unnest($2::text[]) as t(e) where e is not null),
  old as (delete from kept_notices where $2 <> '{}' and at < now() - interval '1 hour')
  select pg_notify('${CHANNEL}', p) from unnest($1::text[]) as t(p)`;
const KEPT = `select entry from kept_notices where at > now() - $1::text::float8 * interval '1 millisecond' order by id`;

type Entry = readonly [kind: string, body: Told];

const literal = (texts: readonly string[]) => `{${texts.map((text) => JSON.stringify(text)).join(',')}}`;

export interface NoticesDeps {
  nodeId: string;
  /** Ids of the other nodes that live. */
  others: () => ReadonlySet<string>;
  sql: postgres.Sql;
  /** A connection of its own that is told what is notified, and of its end. */
  connectListener: (told: {
    onNotify: (payload: string) => void;
    onClose: () => void;
  }) => Pick<Client, 'sql' | 'abort'>;
  log: Log;
}

export interface NoticesService extends Notices {
  /** Resolves once it listens. */
  start(): Promise<void>;
  /** Sends what waits, once. */
  stop(): Promise<void>;
}

/** See `Notices`: PostgreSQL's LISTEN and NOTIFY, with an end to every silence. */
export function createNotices({ nodeId, others, sql, connectListener, log }: NoticesDeps): NoticesService {
  const hearers = new Map<string, Hear[]>();
  const resyncs: (() => void | Promise<void>)[] = [];
  const working = new Set<Promise<unknown>>();
  const questions = createQuestions();
  let waiting: { entry: Entry; kept: boolean }[] = [];
  let sending: Promise<void> | null = null;
  let stopped = false;
  let listener: Pick<Client, 'sql' | 'abort'> | null = null;
  let heardAt = performance.now();
  let sentAt = 0;
  let readAgain: NodeJS.Timeout | undefined;

  const work = (task: () => void | Promise<void>) => {
    const done = Promise.resolve()
      .then(task)
      .catch((error: unknown) => {
        log.warn(
          { err: error },
          'what another node told could not be dealt with: everything is read again soon',
        );
        if (stopped) return;
        clearTimeout(readAgain);
        readAgain = setTimeout(resyncAll, READ_AGAIN_MS).unref();
      })
      .finally(() => working.delete(done));
    working.add(done);
  };

  const resyncAll = () => {
    for (const resync of resyncs) work(resync);
  };

  const hear = (from: string, [kind, body]: Entry) => {
    if (from === nodeId) {
      if (kind === 'barrier') void Promise.all(working).then(() => questions.answered(Number(body), nodeId));
      return;
    }
    if (kind === 'barrier') return;
    if (kind === 'resync') return resyncAll();
    if (kind === 'ask') return void Promise.all(working).then(() => send('answer', [from, body]));
    if (kind === 'answer') {
      const [to, number] = body as [string, number];
      if (to === nodeId) questions.answered(number, from);
      return;
    }
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
      const payloads = payloadsOf(batch.map(({ entry }) => entry));
      const kept = batch.filter(({ kept }) => kept).map(({ entry }) => JSON.stringify(entry));
      try {
        await sql.unsafe(SEND, [literal(payloads), literal(kept)], { prepare: true });
        sentAt = performance.now();
      } catch (error) {
        log.debug({ err: error, waiting: batch.length }, 'notices could not be sent: trying again');
        waiting = [...batch, ...waiting];
        if (waiting.length > MAX_WAITING) {
          waiting = [...waiting.filter(({ kept }) => kept), { entry: ['resync', null], kept: false }];
        }
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

  const send: Notices['send'] = (kind, body, { kept } = { kept: false }) => {
    waiting.push({ entry: [kind, body], kept });
    sendSoon();
  };

  const ask = (kind: string, left: Set<string>, milliseconds: number) =>
    questions.ask(left, milliseconds, (number) => {
      send(kind, number);
      return true;
    });

  /** What was missed and counts all the same; then everything is read again. */
  const catchUp = async (current: postgres.Sql, deafForMs: number) => {
    if (deafForMs + OVERLAP_MS > KEPT_MS) hear('', ['deaf', null]);
    const rows = await current.unsafe<{ entry: Entry }[]>(KEPT, [String(deafForMs + OVERLAP_MS)]);
    for (const { entry } of rows) hear('', entry);
    resyncAll();
  };

  /** Listens, for ever anew; each time but the first something may have been missed. */
  const listen = async (onFirst: () => void) => {
    for (let first = true; !stopped; ) {
      let onClose = () => {};
      const closed = new Promise<void>((resolve) => {
        onClose = resolve;
      });
      const current = connectListener({ onNotify, onClose });
      listener = current;
      try {
        await current.sql.unsafe(`listen ${CHANNEL}`);
        if (first) onFirst();
        else await catchUp(current.sql, performance.now() - heardAt);
        heardAt = performance.now();
        first = false;
        await closed;
      } catch (error) {
        log.debug({ err: error }, 'notices cannot be heard: trying again');
      }
      void current.abort().catch(() => {});
      if (!stopped) await sleep(RETRY_MS);
    }
  };

  const notDeaf = setInterval(() => {
    const deaf = sentAt - heardAt > DEAF_AFTER_MS / 2 && performance.now() - heardAt > DEAF_AFTER_MS;
    if (!deaf) return;
    log.warn({}, 'notices of the database do not arrive: listening anew');
    void listener?.abort().catch(() => {});
  }, DEAF_AFTER_MS / 4).unref();

  return {
    send,
    on: (kind, each) => void hearers.set(kind, [...(hearers.get(kind) ?? []), each]),
    onGap: (resync) => void resyncs.push(resync),
    barrier: () => ask('barrier', new Set([nodeId]), BARRIER_LIMIT_MS),
    told: () => {
      const left = new Set(others());
      return left.size === 0 ? Promise.resolve() : ask('ask', left, TOLD_LIMIT_MS);
    },
    start: () => new Promise((resolve) => void listen(resolve)),
    stop: async () => {
      stopped = true;
      clearInterval(notDeaf);
      clearTimeout(readAgain);
      await sending;
      await flush();
      await listener?.abort();
    },
  };
}
