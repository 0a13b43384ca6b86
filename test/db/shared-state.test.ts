import { test } from 'node:test';
import { shareState } from '../../db/cluster/shared-state.ts';
import type { Notices } from '../../db/domain/cluster.ts';
import type { Device } from '../../db/domain/types.ts';
import type { LocalLiveState } from '../../db/live-state/index.ts';
import { createRegistry } from '../../db/live-state/registry.ts';
import { until } from '../helpers/wait.ts';

const lamp: Device = {
  ...{ pk: 1, deviceId: 'lamp', name: 'Before', type: 'light', version: null, manufacturer: null },
  ...{ roomId: null, createdAt: new Date(0), revoked: false, reenrollUntil: null },
  ...{ lastHeartbeat: null, lastError: null },
};

void test('what is changed here while everything is read holds after it', async () => {
  const registry = createRegistry();
  let stored = lamp;
  let goOn = () => {};
  const gate = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const live = {
    loader: {
      loadAll: async () => {
        const read = stored;
        await gate;
        registry.putDevice(read);
        return [];
      },
      loadDevices: async (pks: readonly number[]) => {
        if (pks.includes(stored.pk)) registry.putDevice(stored);
        return [];
      },
    },
    presence: { onChange: () => {}, here: () => [] },
    putDevice: registry.putDevice,
  } as unknown as LocalLiveState;
  let resync: () => void | Promise<void> = () => {};
  const notices = {
    send: () => {},
    on: () => {},
    onGap: (each: typeof resync) => {
      resync = each;
    },
  } as unknown as Notices;
  const nodes = { onGone: () => {}, onLapse: () => {}, others: () => new Set<string>() };
  const state = shareState({ live, nodes, notices, evict: () => {}, removed: () => {} });
  const name = () => registry.byPk.get(lamp.pk)?.name;

  const reading = resync();
  await new Promise((resolve) => setImmediate(resolve));
  stored = { ...lamp, name: 'After' };
  state.putDevice(stored);
  goOn();
  await reading;
  await until('it is read again', () => name() === 'After', undefined, 1000);
});
