import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Registry } from 'prom-client';
import type { NewEvent } from '../../db/domain/ports.ts';
import { createDiskGuard } from '../../db/history/disk-guard.ts';
import { boundsOf, type DiskState, type MinFree, nextState } from '../../db/history/disk-state.ts';
import { createDroppedHistory } from '../../db/history/dropped.ts';
import { silent } from '../helpers/database.ts';
import { until } from '../helpers/wait.ts';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const FIVE: MinFree = { percent: 5 };

void test('the bounds are a part of the disk, and on a small one what the WAL needs', () => {
  assert.deepEqual(boundsOf(FIVE, 100 * GIB, 32 * MIB), { low: 5 * GIB, critical: 32 * MIB });
  assert.deepEqual(boundsOf(FIVE, 300 * MIB, 32 * MIB), { low: 64 * MIB, critical: 32 * MIB });
  assert.deepEqual(boundsOf({ bytes: 2 * GIB }, 32 * GIB, 32 * MIB), { low: 2 * GIB, critical: 32 * MIB });
});

void test('a state is entered at its bound and left a little above it', () => {
  const bounds = { low: 100 * MIB, critical: 40 * MIB };
  const cases: [DiskState, number, DiskState][] = [
    ['ok', 100, 'ok'],
    ['ok', 99, 'low'],
    ['low', 109, 'low'],
    ['low', 110, 'ok'],
    ['low', 40, 'low'],
    ['low', 39, 'critical'],
    ['ok', 39, 'critical'],
    ['critical', 47, 'critical'],
    ['critical', 48, 'low'],
    ['critical', 105, 'low'],
    ['critical', 110, 'ok'],
  ];
  for (const [before, free, after] of cases) {
    assert.equal(nextState(before, free * MIB, bounds), after, `${before} with ${free} MiB`);
  }
  // Where both bounds are near each other, there is a way out all the same.
  assert.equal(nextState('critical', 42 * MIB, { low: 42 * MIB, critical: 40 * MIB }), 'low');
});

/** A disk of 1000 MiB of which 100 must be free; each day of history takes 30 MiB. */
function openGuard(
  t: TestContext,
  {
    days,
    free,
    reserve = 40,
    mayDrop = () => true,
  }: { days: number; free: number; reserve?: number; mayDrop?: () => boolean },
) {
  const disk = { free, days, failing: false, looks: 0, held: false, time: 0 };
  const events: NewEvent[] = [];
  const log: string[] = [];
  const registry = new Registry();
  const eventLog = { record: (event: NewEvent) => events.push(event) > 0 };
  const guard = createDiskGuard({
    volume: {
      space: async () => {
        disk.looks++;
        if (disk.failing) throw new Error('no such device');
        return { free: disk.free * MIB, size: 1000 * MIB };
      },
      reserve: async () => reserve * MIB,
    },
    minFree: { percent: 10 },
    writer: {
      hold: () => {
        disk.held = true;
      },
      release: () => {
        disk.held = false;
      },
    },
    dropOldestDay: async () => {
      if (disk.days <= 1) return null;
      disk.days--;
      disk.free += 30;
      return { day: `2026-01-0${9 - disk.days}`, readings: 1000 };
    },
    mayDrop,
    dropped: createDroppedHistory({ registry, events: eventLog, log: silent }),
    events: eventLog,
    log: { ...silent, error: (_object, message) => log.push(message) },
    now: () => disk.time,
  });
  t.after(() => guard.stop());
  const states = () => events.filter(({ kind }) => kind === 'disk_low').map(({ detail }) => detail?.state);
  const drops = () => events.filter(({ kind }) => kind === 'history_dropped');
  return { disk, guard, events, log, registry, states, drops };
}

void test('with room nothing is done', async (t) => {
  const { guard, events, disk } = openGuard(t, { days: 3, free: 500 });
  await guard.start();
  assert.deepEqual([guard.state, events, disk.days], ['ok', [], 3]);
});

void test('days go one by one, told and counted, until there is room again', async (t) => {
  const { guard, disk, drops, states, registry } = openGuard(t, { days: 8, free: 60 });
  await guard.start();
  await until('there is room', () => guard.state === 'ok');
  assert.deepEqual([disk.days, disk.free, disk.held], [6, 120, false]);
  assert.deepEqual(
    drops().map(({ detail }) => detail),
    [
      { reason: 'disk', day: '2026-01-02', readings: 1000 },
      { reason: 'disk', day: '2026-01-03', readings: 1000 },
    ],
  );
  assert.deepEqual(states(), ['low', 'ok']);
  assert.match(await registry.metrics(), /pm_iot_history_dropped_readings_total\{reason="disk"\} 2000/);
});

void test('another node drops the days: this one only stops storing, and drops once it is its own to do', async (t) => {
  let leads = false;
  const { guard, disk, drops } = openGuard(t, { days: 8, free: 20, mayDrop: () => leads });
  await guard.start();
  assert.deepEqual([guard.state, disk.held, drops().length], ['critical', true, 0]);
  leads = true;
  await until('days go', () => guard.state === 'ok');
  assert.deepEqual([disk.held, disk.days], [false, 5]);
});

void test('while there is no hurry, a day is dropped now and then', async (t) => {
  const { guard, disk, drops } = openGuard(t, { days: 8, free: 65, reserve: 0 });
  await guard.start();
  assert.equal(drops().length, 1);
  disk.free = 80;
  disk.time += 29_000;
  const looks = disk.looks;
  await until('it has looked again', () => disk.looks > looks + 1);
  assert.equal(drops().length, 1);
  disk.time += 1000;
  await until('the next day has gone', () => drops().length === 2);
});

void test('when the newest day alone is left, storing stops, and goes on with the space', async (t) => {
  const { guard, disk, drops, states, log } = openGuard(t, { days: 1, free: 20 });
  await guard.start();
  assert.deepEqual([guard.state, disk.held, disk.days], ['critical', true, 1]);
  assert.equal(log.length, 1);
  assert.match(log[0] ?? '', /free some space/);
  disk.free = 300;
  await until('there is room', () => guard.state === 'ok');
  assert.deepEqual([disk.held, drops()], [false, []]);
  assert.deepEqual(states(), ['critical', 'ok']);
});

void test('a day that ends while it is critical goes too', async (t) => {
  const { guard, disk, drops } = openGuard(t, { days: 1, free: 35 });
  await guard.start();
  disk.days = 2;
  disk.time += 60_000;
  await until('the day has gone', () => drops().length === 1);
  await until('storing goes on', () => !disk.held);
  assert.equal(guard.state, 'low');
});

void test('a disk that cannot be measured is told once, and stops nothing', async (t) => {
  const { guard, disk, log } = openGuard(t, { days: 3, free: 500 });
  disk.failing = true;
  await guard.start();
  assert.deepEqual([guard.state, disk.held], ['ok', false]);
  assert.match(log[0] ?? '', /cannot be told/);
});
