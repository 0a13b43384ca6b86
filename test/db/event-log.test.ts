import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Log } from '../../db/domain/ports.ts';
import { createEventLog } from '../../db/event-log.ts';
import { createEventStore } from '../../db/stores/events.ts';
import { silent } from '../helpers/database.ts';
import { openDatabase } from '../helpers/open-database.ts';

void test('events', async (t) => {
  const { db } = await openDatabase(t, 'embedded');
  const store = createEventStore(db);

  await t.test('are kept in order; the same denial again is counted, not repeated', async () => {
    const log = createEventLog({ store, log: silent, now: () => Date.UTC(2026, 0, 1) });
    log.record({ kind: 'room_created', actor: 'admin', roomId: 1, detail: { name: 'Hall' } });
    for (let i = 0; i < 500; i++)
      log.record({ kind: 'denied', actor: 'thief', deviceId: 'thief', detail: { topic: 'x' } });
    log.record({ kind: 'denied', actor: 'other', deviceId: 'other' });
    log.record({ kind: 'login_failed', actor: 'a\u0000b', detail: { address: '\ud800' } });
    await log.stop();
    const events = (await store.list({}, { limit: 10 })).toReversed();
    assert.deepEqual(
      events.map(({ kind, actor, detail }) => [kind, actor, detail]),
      [
        ['room_created', 'admin', { name: 'Hall' }],
        ['denied', 'thief', { topic: 'x' }],
        ['denied', 'other', {}],
        ['login_failed', 'a\ufffdb', { address: '\ufffd' }],
        ['denied', 'thief', { topic: 'x', repeated: 499 }],
      ],
    );
    assert.equal((await store.list({ deviceId: 'other' }, { limit: 10 })).length, 1);
  });

  await t.test('a clock that is set back keeps nothing from being told', async () => {
    let time = Date.UTC(2030, 0, 1);
    const log = createEventLog({ store, log: silent, now: () => time });
    const denial = { kind: 'denied', actor: 'early', deviceId: 'early' } as const;
    assert.equal(log.record(denial), true);
    assert.equal(log.record(denial), false);
    time = Date.UTC(2020, 0, 1);
    assert.equal(log.record(denial), true);
    await log.stop();
  });

  await t.test('of more made-up names than anybody has are told together', async () => {
    const log = createEventLog({ store, log: silent, now: Date.now });
    for (let i = 0; i < 900; i++) log.record({ kind: 'login_locked', actor: `name ${i}` });
    await log.stop();
    const events = (await store.list({}, { limit: 1000 })).filter(({ kind }) => kind === 'login_locked');
    assert.equal(events.length, 202);
    assert.deepEqual([events[0]?.actor, events[0]?.detail], ['(many)', { repeated: 699 }]);
  });

  await t.test(
    'that the database cannot take now are bounded: the oldest give way, and the log tells how many',
    async () => {
      const warnings: object[] = [];
      const telling: Log = { ...silent, warn: (object) => warnings.push(object) };
      const log = createEventLog({ store, log: telling, now: Date.now });
      for (let i = 0; i < 1500; i++) log.record({ kind: 'room_renamed', actor: `user ${i}` });
      await log.stop();
      assert.deepEqual(warnings, [{ dropped: 500 }]);
      const kept = (await store.list({}, { limit: 2000 })).filter(({ kind }) => kind === 'room_renamed');
      assert.equal(kept.length, 1000);
      assert.equal(kept[0]?.actor, 'user 1499');
    },
  );
});
