import { randomBytes } from 'node:crypto';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { BrokerStore, StoreReturn } from '../db/domain/broker-store.ts';
import type { Log } from '../db/domain/ports.ts';
import { atMost } from '../db/domain/within.ts';
import type { QueueMeter } from '../db/metrics/queues.ts';
import { EPOCH } from './layout.ts';
import type { RedisConnection } from './redis.ts';
import { createRetainedCommands } from './retained-commands.ts';
import { createSessionCommands } from './session-commands.ts';
import { WriteBehind } from './write-behind.ts';

/** How often it is looked whether Redis is still the one it was. */
const LOOK_MS = 5000;
/** A look that failed is made again. */
const LOOK_AGAIN_MS = 500;

export interface SessionStoreDeps {
  redis: RedisConnection;
  nodeId: string;
  /** Seconds: a session whose client has been away for so long is forgotten. */
  expirySeconds: number;
  registry: Registry;
  queues: QueueMeter;
  log: Log;
  /** Writes; for tests. */
  maxWaiting?: number;
}

export interface SessionStore extends BrokerStore {
  start(): Promise<void>;
  /** What waits is written before, within `milliseconds`. */
  stop(milliseconds: number): Promise<void>;
}

/** See `BrokerStore`. */
export function createSessionStore(deps: SessionStoreDeps): SessionStore {
  const { redis, registry, log } = deps;
  const registers = [registry];
  const dropped = new Counter({
    name: 'pm_iot_redis_writes_dropped_total',
    help: 'Writes to Redis that were dropped because it was away for too long, or refused',
    registers,
  });
  const behind = new WriteBehind({ ...deps, onDropped: (count) => dropped.inc(count) });
  deps.queues.count('redis_writes', () => behind.fill());
  deps.queues.weigh('redis_writes', () => behind.bytesFill());
  const returns: ((how: StoreReturn) => void)[] = [];
  const isReady = () => redis.status === 'ready';
  let epoch: string | null = null;
  let looking: Promise<void> | null = null;
  let isAway = true;
  let timer: NodeJS.Timeout | undefined;

  new Gauge({
    name: 'pm_iot_redis_ready',
    help: '1 while Redis can be spoken to',
    aggregator: 'min',
    registers,
    collect() {
      this.set(isReady() ? 1 : 0);
    },
  });
  new Gauge({
    name: 'pm_iot_redis_waiting_writes',
    help: 'Writes of sessions, queues, retained messages and wills that wait for Redis',
    registers,
    collect() {
      this.set(behind.waiting);
    },
  });

  const readEpoch = async (): Promise<string> => {
    await redis.set(EPOCH, randomBytes(8).toString('hex'), 'NX');
    return (await redis.get(EPOCH)) ?? '';
  };

  /** Is it there, and the one that it was? Whoever needs to is told. */
  const look = async () => {
    const found = await readEpoch();
    const isNew = epoch !== null && found !== epoch;
    epoch = found;
    if (!isAway && !isNew && !behind.overflowed) return;
    if (isNew) log.warn({}, 'Redis has lost what it had: this node writes again what it knows');
    const how = isNew ? 'emptied' : behind.overflowed ? 'unsure' : 'same';
    isAway = false;
    behind.overflowed = false;
    await behind.settled();
    for (const listener of returns) listener(how);
  };
  const lookSoon = () => {
    looking ??= look()
      .catch((error: unknown) => {
        log.debug({ err: error }, 'Redis cannot be asked');
        setTimeout(() => void (isReady() && lookSoon()), LOOK_AGAIN_MS).unref();
      })
      .finally(() => {
        looking = null;
      });
    return looking;
  };

  return {
    ...createSessionCommands({ ...deps, behind }),
    ...createRetainedCommands({ ...deps, behind }),
    expiryMs: deps.expirySeconds * 1000,
    get ready() {
      return isReady();
    },
    get given() {
      return behind.given;
    },
    get written() {
      return behind.written;
    },
    onWritten: (listener) => behind.onWritten(listener),
    settled: () => behind.settled(),
    onReturn: (listener) => void returns.push(listener),
    start: async () => {
      redis.on('close', () => {
        isAway = true;
      });
      redis.on('ready', () => void lookSoon());
      timer = setInterval(() => void (isReady() && lookSoon()), LOOK_MS);
      timer.unref();
      if (isReady()) await lookSoon();
    },
    stop: async (milliseconds) => {
      clearInterval(timer);
      await atMost(milliseconds, behind.settled(), null);
      behind.stop();
    },
  };
}
