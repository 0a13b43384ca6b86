import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPersistence } from '../../broker/engine/persistence.ts';
import { createSharedRetained } from '../../broker/shared/retained.ts';
import { DEFAULT_LIMITS } from '../../config/variables/limits.ts';
import type { BrokerStore, KeptRetained } from '../../db/domain/broker-store.ts';
import type { Bus, Hear } from '../../db/domain/cluster.ts';

void test('what another node has told is kept until its write to Redis can have come there', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.UTC(2026, 0, 1) });
  const stored = createPersistence({
    limits: DEFAULT_LIMITS,
    withheld: () => false,
    isOver: () => false,
    isLive: () => false,
    mirror: null,
    onLimit: () => {},
  });
  let inRedis: KeptRetained[] = [];
  const store = {
    settled: async () => {},
    readRetained: async () => inRedis,
    writeRetained: () => {},
  } as unknown as BrokerStore;
  let hear: Hear = () => {};
  const bus = { on: (_kind: string, each: Hear) => (hear = each), tell: () => true } as unknown as Bus;
  const retained = createSharedRetained({ store, bus, nodeId: 'aaaaaaaa', stored: () => stored });
  t.after(retained.stop);
  retained.attach();
  const topics = () => [...stored.working.retained.all()].map(({ topic }) => topic);
  const tell = async (topic: string) => {
    await hear([topic, Buffer.from('on'), 1, Date.now() * 1000] as never, 'bbbbbbbb');
  };

  await tell('late');
  await tell('taken/away');
  await retained.read();
  assert.deepEqual(topics(), ['late', 'taken/away']);
  inRedis = [{ topic: 'late', payload: Buffer.from('on'), qos: 1, stamp: Date.now() * 1000 }];
  t.mock.timers.tick(10_001);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(topics(), ['late'], 'read again, what was missed counts');
});
