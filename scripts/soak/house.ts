import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../test/helpers/random.ts';
import type { Rest } from '../../test/helpers/rest.ts';
import type { Server } from '../../test/helpers/server.ts';
import type { Tally } from './tally.ts';

/** What everything that happens in a soak shares. */
export interface House {
  server: Server;
  /** Of an admin. */
  rest: Rest;
  random: Random;
  tally: Tally;
  /** Aborted when the load ends. */
  signal: AbortSignal;
}

/** Over and over until the load ends, on average each `meanMs`; what fails is a fault, and the next turn comes. */
export async function often(
  { random, signal, tally }: Pick<House, 'random' | 'signal' | 'tally'>,
  what: string,
  meanMs: number,
  act: () => Promise<void>,
): Promise<void> {
  for (;;) {
    try {
      await sleep(meanMs * (0.5 + random.next()), undefined, { signal });
    } catch {
      return;
    }
    try {
      await act();
    } catch (error) {
      tally.fault(what, error);
    }
  }
}
