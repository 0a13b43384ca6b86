import { Cluster } from 'ioredis';
import type { Log } from '../db/domain/ports.ts';
import type { Fill } from '../db/metrics/queues.ts';
import type { RedisConnection } from './redis.ts';

/** What may wait while Redis is away; beyond it the oldest is dropped. */
const MAX_WAITING = 100_000;
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** Sent together. */
const MAX_BATCH = 500;
const MAX_BATCH_BYTES = 1024 * 1024;
const RETRY_MS = 200;
/** A Redis that is full refuses each write: it is told once in so long. */
const TELL_REFUSED_MS = 60_000;
/** What one costs beside its bytes, roughly. */
const OVERHEAD = 200;

/** Redis says these of itself, not of the command. */
const PASSING = /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|BUSY|NOREPLICAS|MISCONF)\b/;

export type Argument = string | number | Buffer;

interface Write {
  args: readonly [command: string, ...Argument[]];
  bytes: number;
  answered: ((reply: unknown) => void) | undefined;
}

export interface WriteBehindDeps {
  redis: RedisConnection;
  log: Log;
  onDropped: (count: number) => void;
  /** For tests. */
  maxWaiting?: number;
}

/**
 * Commands that are sent in their order, many at a time, and again until Redis has answered them: each must be one that may be
 * repeated.
 */
export class WriteBehind {
  readonly #deps: WriteBehindDeps;
  #waiting: Write[] = [];
  #bytes = 0;
  #running = false;
  #scheduled = false;
  #stopped = false;
  #told = false;
  #refused = { count: 0, toldAt: Number.NEGATIVE_INFINITY };
  #settling: { at: number; resolve: () => void }[] = [];
  readonly #listeners: (() => void)[] = [];
  /** Commands that were given, and those that have been dealt with. */
  given = 0;
  written = 0;
  /** Something was dropped since this was last set to false. */
  overflowed = false;

  constructor(deps: WriteBehindDeps) {
    this.#deps = deps;
    deps.redis.on('ready', () => this.#schedule());
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  fill(): Fill {
    return { depth: this.#waiting.length, limit: this.#deps.maxWaiting ?? MAX_WAITING };
  }

  bytesFill(): Fill {
    return { depth: this.#bytes, limit: MAX_WAITING_BYTES };
  }

  onWritten(listener: () => void): void {
    this.#listeners.push(listener);
  }

  add(args: Write['args'], answered?: (reply: unknown) => void): void {
    if (this.#stopped) return;
    let bytes = OVERHEAD;
    for (const each of args) bytes += typeof each === 'number' ? 8 : each.length;
    this.#waiting.push({ args, bytes, answered });
    this.#bytes += bytes;
    this.given++;
    const { maxWaiting = MAX_WAITING } = this.#deps;
    if (this.#waiting.length > maxWaiting || this.#bytes > MAX_WAITING_BYTES) this.#makeRoom();
    this.#schedule();
  }

  evaluate(
    script: string,
    keys: readonly string[],
    args: readonly Argument[],
    answered?: (reply: unknown) => void,
  ): void {
    this.add(['EVAL', script, keys.length, ...keys, ...args], answered);
  }

  /** Resolves once all that was given before now has been dealt with. */
  settled(): Promise<void> {
    if (this.written >= this.given || this.#stopped) return Promise.resolve();
    return new Promise((resolve) => void this.#settling.push({ at: this.given, resolve }));
  }

  stop(): void {
    this.#stopped = true;
    for (const { resolve } of this.#settling.splice(0)) resolve();
  }

  #makeRoom(): void {
    // Some more than needed: to do it for each would cost the length of the list each time.
    const count = Math.max(1, Math.floor(this.#waiting.length / 20));
    this.#advance(count);
    this.overflowed = true;
    this.#deps.onDropped(count);
    if (!this.#told) {
      this.#told = true;
      this.#deps.log.warn({ count }, 'Redis has been away for long: what was to be written first is dropped');
    }
  }

  #advance(count: number): void {
    for (const { bytes } of this.#waiting.splice(0, count)) this.#bytes -= bytes;
    this.written += count;
    while (this.#settling[0] !== undefined && this.#settling[0].at <= this.written) {
      this.#settling.shift()?.resolve();
    }
    for (const listener of this.#listeners) listener();
  }

  #schedule(): void {
    if (this.#scheduled || this.#running || this.#waiting.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      while (this.#waiting.length > 0 && !this.#stopped) {
        if (this.#deps.redis.status !== 'ready' || !(await this.#writeSome())) {
          setTimeout(() => this.#schedule(), RETRY_MS).unref();
          return;
        }
      }
      this.#told = false;
    } finally {
      this.#running = false;
    }
  }

  /** false: Redis is away, and the rest is to be sent again. */
  async #writeSome(): Promise<boolean> {
    const batch: Write[] = [];
    let bytes = 0;
    for (const write of this.#waiting) {
      if (batch.length >= MAX_BATCH || (bytes > MAX_BATCH_BYTES && batch.length > 0)) break;
      batch.push(write);
      bytes += write.bytes;
    }
    const before = this.written;
    const answers = await this.#send(batch);
    // Some of them may have been dropped meanwhile.
    const dropped = this.written - before;
    let done = dropped;
    for (let i = 0; i < batch.length; i++) {
      const [error, reply] = answers[i] ?? [new Error('no answer'), null];
      if (error !== null && isPassing(error)) break;
      if (error !== null) this.#tellRefused(error);
      else if (i >= dropped) batch[i]?.answered?.(reply);
      if (i >= dropped) done = i + 1;
    }
    this.#advance(Math.max(0, done - dropped));
    return done >= batch.length;
  }

  #tellRefused(error: Error): void {
    const now = performance.now();
    this.#refused.count++;
    this.#deps.onDropped(1);
    if (now - this.#refused.toldAt < TELL_REFUSED_MS) return;
    this.#deps.log.error({ err: error, count: this.#refused.count }, 'Redis refuses what is to be written');
    this.#refused = { count: 0, toldAt: now };
  }

  async #send(batch: readonly Write[]): Promise<(readonly [Error | null, unknown])[]> {
    const { redis } = this.#deps;
    const failed = (error: unknown): [Error, null] => [
      error instanceof Error ? error : new Error(String(error)),
      null,
    ];
    try {
      if (!(redis instanceof Cluster)) {
        const pipeline = redis.pipeline();
        for (const { args } of batch) pipeline.call(...args);
        return (await pipeline.exec()) ?? [];
      }
      // The keys lie on different servers: one by one, in their order for each.
      return await Promise.all(
        batch.map(({ args: [command, ...rest] }) =>
          redis.call(command, ...rest).then((reply): [null, unknown] => [null, reply], failed),
        ),
      );
    } catch (error) {
      return batch.map(() => failed(error));
    }
  }
}

/** Will it go better later? Also said of a connection that broke: then the error is not Redis' own. */
function isPassing(error: Error): boolean {
  if (error instanceof TypeError) return false;
  return error.name !== 'ReplyError' || PASSING.test(error.message);
}
