import type { BrokerStore } from '../db/domain/broker-store.ts';
import { decodeRetained, decodeWill, encodeRetained, encodeWill } from './codec.ts';
import { REMOVE_OWN_WILL, RETAIN, RETAINED, TAKE_WILL, WILLS } from './layout.ts';
import type { CommandsDeps } from './session-commands.ts';

export type RetainedCommands = Pick<
  BrokerStore,
  'readRetained' | 'writeRetained' | 'readWills' | 'writeWill' | 'removeWill' | 'takeWill'
>;

/** Retained messages and wills. */
export function createRetainedCommands({ redis, behind, nodeId }: CommandsDeps): RetainedCommands {
  return {
    readRetained: async () => {
      const found = await redis.hgetallBuffer(RETAINED);
      return Object.entries(found).flatMap(([topic, bytes]) => decodeRetained(topic, bytes) ?? []);
    },
    writeRetained: (retained) => {
      const { topic, stamp, payload } = retained;
      behind.evaluate(
        RETAIN,
        [RETAINED],
        [topic, stamp, payload.length === 0 ? '' : encodeRetained(retained)],
      );
    },

    readWills: async () => {
      const found = await redis.hgetallBuffer(WILLS);
      return Object.entries(found).flatMap(([id, raw]) => decodeWill(id, raw) ?? []);
    },
    writeWill: (will, how) =>
      behind.add([
        how === undefined ? 'HSET' : 'HSETNX',
        WILLS,
        will.clientId,
        encodeWill({ ...will, nodeId }),
      ]),
    removeWill: (clientId, ours) => {
      if (ours) behind.evaluate(REMOVE_OWN_WILL, [WILLS], [clientId, nodeId]);
      else behind.add(['HDEL', WILLS, clientId]);
    },
    takeWill: async ({ clientId, raw }) => (await redis.eval(TAKE_WILL, 1, WILLS, clientId, raw)) === 1,
  };
}
