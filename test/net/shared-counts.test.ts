import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bus, Hear } from '../../db/domain/cluster.ts';
import { createAddressCounts } from '../../net/shared-counts.ts';

const HOME = '192.0.2.1';

/** Both ends of the way between nodes, in the hands of the test. */
function start(connectionsPerAddress: number) {
  const told: { counts: [string, number][]; anew?: boolean }[] = [];
  let hear: Hear = () => {};
  let announce = () => {};
  let gap: (from: string) => void = () => {};
  let gone: (from: string) => void = () => {};
  let ready = true;
  const bus: Bus = {
    get ready() {
      return ready;
    },
    tell: (_kind, body) => {
      told.push(body as (typeof told)[number]);
      return true;
    },
    hears: () => true,
    ask: async () => {},
    on: (_kind, each) => {
      hear = each;
    },
    onGap: (forget) => {
      gap = forget;
    },
    onLost: (forget) => {
      gone = forget;
    },
    onAnnounce: (tellAll) => {
      announce = tellAll;
    },
  };
  const counts = createAddressCounts({ bus, connectionsPerAddress });
  return {
    counts,
    told,
    hear: (from: string, body: object) => void hear(body as never, from),
    announce: () => announce(),
    gap: (from: string) => gap(from),
    gone: (from: string) => gone(from),
    redis: (is: 'away' | 'back') => {
      ready = is === 'back';
    },
  };
}

void test('what other nodes tell is added up, and forgotten with them', () => {
  const { counts, hear, gap, gone, redis } = start(100);
  hear('a', { counts: [[HOME, 3]] });
  hear('b', { counts: [[HOME, 4]] });
  assert.equal(counts.of(HOME), 7);
  hear('a', { counts: [[HOME, 0]] });
  assert.equal(counts.of(HOME), 4);
  hear('a', { counts: [[HOME, 9]] });
  hear('a', { counts: [['192.0.2.2', 1]], anew: true });
  assert.equal(counts.of(HOME), 4);
  redis('away');
  assert.equal(counts.of(HOME), 0);
  redis('back');
  gap('b');
  assert.equal(counts.of(HOME), 0);
  assert.equal(counts.of('192.0.2.2'), 1);
  gone('a');
  assert.equal(counts.of('192.0.2.2'), 0);
});

void test('changes are told once a second, of addresses that matter', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { counts, told } = start(1000);
  for (let open = 1; open < 10; open++) counts.changed(HOME, open);
  t.mock.timers.tick(1000);
  assert.deepEqual(told, [], 'of less than a hundredth nobody needs to know');
  for (let open = 10; open <= 50; open++) counts.changed(HOME, open);
  t.mock.timers.tick(1000);
  assert.deepEqual(told, [{ counts: [[HOME, 50]] }]);
  for (let open = 49; open >= 0; open--) counts.changed(HOME, open);
  t.mock.timers.tick(1000);
  assert.deepEqual(told.slice(1), [{ counts: [[HOME, 0]] }]);
  t.mock.timers.tick(10_000);
  assert.equal(told.length, 2);
});

void test('whoever missed something is told all of it, in parts', () => {
  const { counts, told, announce } = start(100);
  announce();
  assert.deepEqual(told, [{ counts: [], anew: true }]);
  for (let i = 0; i < 4500; i++) counts.changed(`2001:db8:0:${i.toString(16)}::/64`, 1);
  announce();
  const parts = told.slice(1);
  assert.deepEqual(
    parts.map(({ counts: part, anew }) => [part.length, anew]),
    [
      [2000, true],
      [2000, undefined],
      [500, undefined],
    ],
  );
});
