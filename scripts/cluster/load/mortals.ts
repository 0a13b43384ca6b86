import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ADMIN } from '../../../test/helpers/server.ts';
import { type Address, FailoverClient } from './failover-client.ts';
import type { Watcher } from './watcher.ts';

const EACH = 8;
/** The lease of a node that died has ended by then, and its wills are published. */
const WILLS_LIMIT_MS = 20_000;
/** What comes twice comes soon. */
const AFTER_MS = 2000;

/** A will that is published in the moment in which its client comes back may still arrive. */
const ON_ITS_WAY_MS = 1000;

export interface Wills {
  /** Of clients that did not come back. */
  due: number;
  once: number;
  twice: number;
  missing: number;
  /** Of clients that had been back for a while. */
  wrong: number;
}

/** Clients with wills at one node, half of which come back at once when it dies; told by the watcher what became of their wills. */
export async function connectMortals(options: {
  token: string;
  addresses: () => readonly Address[];
  node: number;
  watcher: Watcher;
}) {
  const { token, addresses, node, watcher } = options;
  const group = randomBytes(3).toString('hex');
  const make = (kind: string, i: number) => {
    const topic = `fleet/${group}/${kind}/${i}`;
    const client = new FailoverClient({
      ...{ clientId: `${group}-${kind}-${i}`, username: ADMIN.username, password: token, clean: i % 2 === 0 },
      ...{ addresses, first: node, filters: [], onMessage: () => {} },
      will: { topic, payload: 'gone' },
    });
    return { topic, client };
  };
  const dying = Array.from({ length: EACH }, (_, i) => make('dying', i));
  const returning = Array.from({ length: EACH }, (_, i) => make('returning', i));
  await Promise.all([...dying, ...returning].map(({ client }) => client.start()));
  for (const { client } of dying) client.abandon();
  const timesOf = (topic: string) => watcher.fleet.get(topic)?.length ?? 0;

  return {
    /** From the death of the node: waits until all that are due have come, and a little for those that are not. */
    wills: async (): Promise<Wills> => {
      const deadline = performance.now() + WILLS_LIMIT_MS;
      while (dying.some(({ topic }) => timesOf(topic) === 0) && performance.now() < deadline)
        await sleep(100);
      await sleep(AFTER_MS);
      const times = dying.map(({ topic }) => timesOf(topic));
      const result = {
        due: dying.length,
        once: times.filter((n) => n === 1).length,
        twice: times.filter((n) => n > 1).length,
        missing: times.filter((n) => n === 0).length,
        wrong: returning.filter(({ topic, client }) => {
          const back =
            client.sessions.find((session) => session.node !== node)?.at ?? Number.POSITIVE_INFINITY;
          return watcher.fleet.get(topic)?.some((at) => at > back + ON_ITS_WAY_MS);
        }).length,
      };
      for (const { client } of [...dying, ...returning]) client.stop();
      return result;
    },
  };
}
