import type { BrokerStore } from '../../db/domain/broker-store.ts';
import type { Bus } from '../../db/domain/cluster.ts';
import type { Log } from '../../db/domain/ports.ts';

/** Several reasons within this are one. */
const DELAY_MS = 300;
const TELL_AGAIN_MS = 200;
const READ_AGAIN_MS = 2000;

export interface ResyncDeps {
  store: BrokerStore;
  bus: Bus;
  /** Reads what may have been missed. */
  read: () => Promise<void>;
  log: Log;
}

/** Reads from Redis what other nodes may have told in vain: after a gap, and once what they had waiting is written. */
export function createResync({ store, bus, read, log }: ResyncDeps) {
  let timer: NodeJS.Timeout | null = null;
  let telling: NodeJS.Timeout | null = null;
  let running = false;
  let stopped = false;

  const run = async () => {
    timer = null;
    if (running) return soon();
    // Otherwise it is done at its return.
    if (!store.ready) return;
    running = true;
    try {
      await read();
    } catch (error) {
      log.debug({ err: error }, 'Redis could not be read: trying again');
      soon(READ_AGAIN_MS);
    } finally {
      running = false;
    }
  };

  const soon = (milliseconds = DELAY_MS): void => {
    if (timer === null && !stopped) timer = setTimeout(() => void run(), milliseconds);
  };

  /** Others are told, as soon as it goes, that what waited here for Redis is written now. */
  const tellWritten = (): void => {
    if (telling !== null || stopped) return;
    if (bus.ready && bus.tell('written', null)) return;
    telling = setTimeout(() => {
      telling = null;
      tellWritten();
    }, TELL_AGAIN_MS);
  };

  bus.on('written', () => soon());
  bus.onGap(() => soon());

  return {
    soon: () => soon(),
    tellWritten,
    stop: () => {
      stopped = true;
      for (const each of [timer, telling]) if (each !== null) clearTimeout(each);
    },
  };
}
