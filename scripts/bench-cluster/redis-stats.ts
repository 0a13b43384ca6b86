import { Redis } from 'ioredis';

export interface RedisLook {
  at: number;
  /** Calls so far, by name. */
  calls: Map<string, number>;
  bytesIn: number;
  bytesOut: number;
  keys: number;
  memory: number;
}

const numberOf = (text: string, field: string) =>
  Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(text)?.[1] ?? Number.NaN);

/** Looks at a Redis from a connection of its own. What that costs (`info`, `dbsize`) is left out of the calls. */
export function watchRedis(url: string) {
  const redis = new Redis(url);
  return {
    look: async (): Promise<RedisLook> => {
      const [commands, stats, memory, keys] = await Promise.all([
        redis.info('commandstats'),
        redis.info('stats'),
        redis.info('memory'),
        redis.dbsize(),
      ]);
      const calls = new Map<string, number>();
      for (const [, name = '', count] of commands.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm))
        if (!/^(info|dbsize|scan|memory|ping)/.test(name)) calls.set(name, Number(count));
      return {
        ...{ at: performance.now(), calls, keys },
        bytesIn: numberOf(stats, 'total_net_input_bytes'),
        bytesOut: numberOf(stats, 'total_net_output_bytes'),
        memory: numberOf(memory, 'used_memory'),
      };
    },
    /** How many keys there are of each kind: what is in braces, and numbers, tell two of a kind apart. */
    kinds: async (): Promise<Map<string, number>> => {
      const kinds = new Map<string, number>();
      for (let cursor = '0'; ; ) {
        const [next, keys] = await redis.scan(cursor, 'COUNT', 1000);
        for (const key of keys) {
          const kind = key.replace(/\{[^}]*\}/, '{…}').replace(/\d+/g, 'n');
          kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
        }
        cursor = next;
        if (cursor === '0') return kinds;
      }
    },
    stop: () => redis.disconnect(),
  };
}

/** What came between two looks. */
export function between(before: RedisLook, after: RedisLook) {
  const byName = [...after.calls]
    .map(([name, count]) => [name, count - (before.calls.get(name) ?? 0)] as const)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a);
  return {
    seconds: (after.at - before.at) / 1000,
    byName,
    calls: byName.reduce((sum, [, count]) => sum + count, 0),
    bytesIn: after.bytesIn - before.bytesIn,
    bytesOut: after.bytesOut - before.bytesOut,
  };
}
