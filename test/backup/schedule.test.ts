import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Registry } from 'prom-client';
import { newestBackup, nextBackupPath, rotate } from '../../db/backup/rotation.ts';
import { createBackups } from '../../db/backup/schedule.ts';
import type { NewEvent } from '../../db/domain/ports.ts';
import { temporaryFolder } from '../helpers/backup.ts';
import { silent } from '../helpers/database.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function open(
  t: TestContext,
  {
    folder = temporaryFolder(t),
    trusted = true,
    at = Date.UTC(2026, 10, 28),
    readNewest = newestBackup,
  } = {},
) {
  const state = { passed: 0, at, trusted, leads: true, fails: false, runs: 0 };
  const events: NewEvent[] = [];
  const registry = new Registry();
  const backups = createBackups({
    ...{ folder, everyMs: DAY, keep: 3, registry, log: silent, readNewest },
    run: async () => {
      state.runs++;
      if (state.fails) throw new Error('No space left on device');
      const path = nextBackupPath(folder, false, state.at);
      writeFileSync(path, 'a backup');
      return { path, bytes: 8, rows: 1, removed: rotate(folder, 3).length };
    },
    leads: () => state.leads,
    clock: { now: () => state.at, trusted: () => state.trusted },
    monotonic: () => state.passed,
    events: { record: (event) => events.push(event) > 0 },
  });
  const pass = async (ms: number) => {
    state.passed += ms;
    state.at += ms;
    await backups.look();
  };
  const metric = async (name: string) => (await registry.getSingleMetric(name)?.get())?.values[0]?.value;
  return { state, events, backups, folder, pass, metric };
}

void test('a backup a day, the first soon after the start, and the newest three stay', async (t) => {
  const { state, folder, pass, backups, metric } = open(t);
  await pass(MINUTE);
  assert.equal(state.runs, 0);
  await pass(15 * MINUTE);
  assert.equal(state.runs, 1);
  await pass(DAY - MINUTE);
  assert.equal(state.runs, 1);
  for (let day = 0; day < 5; day++) await pass(DAY);
  assert.equal(state.runs, 6);
  assert.deepEqual(
    readdirSync(folder).map((name) => name.slice(0, 13)),
    ['pm-iot-000004', 'pm-iot-000005', 'pm-iot-000006'],
  );
  const { lastAt, bytes, failed } = await backups.report();
  assert.deepEqual({ bytes, failed }, { bytes: 8, failed: false });
  assert.ok(lastAt !== null && state.at - lastAt.getTime() < 1000);
  assert.equal(await metric('pm_iot_backup_size_bytes'), 8);
  assert.equal(await metric('pm_iot_backup_last_success_timestamp_seconds'), lastAt.getTime() / 1000);
});

void test('what was missed while the box was off is made up for, once', async (t) => {
  const first = open(t);
  await first.pass(16 * MINUTE);
  const again = open(t, { folder: first.folder, at: first.state.at + HOUR });
  await again.pass(16 * MINUTE);
  assert.equal(again.state.runs, 0);
  const later = open(t, { folder: first.folder, at: first.state.at + 3 * DAY });
  await later.pass(16 * MINUTE);
  await later.pass(HOUR);
  assert.equal(later.state.runs, 1);
});

void test('one that fails leaves the older ones, is told, and is tried again in an hour', async (t) => {
  const { state, events, folder, pass, backups, metric } = open(t);
  await pass(16 * MINUTE);
  const before = readdirSync(folder);
  state.fails = true;
  await pass(DAY);
  await pass(MINUTE);
  assert.equal(state.runs, 2);
  assert.deepEqual(readdirSync(folder), before);
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['backup_failed'],
  );
  assert.ok((await backups.report()).failed);
  assert.equal(await metric('pm_iot_backup_failures_total'), 1);
  state.fails = false;
  await pass(HOUR);
  assert.equal(state.runs, 3);
  assert.ok(!(await backups.report()).failed);
  assert.equal(readdirSync(folder).length, 2);
});

void test('clocks that jump delete no good backup', async (t) => {
  const { state, folder, pass } = open(t);
  await pass(16 * MINUTE);
  await pass(DAY);
  const good = readdirSync(folder);
  // Back to 1970, where the program knows that it is wrong: once a day that has passed.
  state.at = 0;
  state.trusted = false;
  for (let hour = 0; hour < 12; hour++) await pass(HOUR);
  assert.deepEqual(readdirSync(folder), good);
  // Far ahead, and back again.
  state.trusted = true;
  state.at = Date.UTC(2040, 1, 1);
  await pass(HOUR);
  state.at = Date.UTC(2026, 10, 30);
  await pass(HOUR);
  assert.deepEqual(readdirSync(folder), good);
  const restarted = open(t, { folder, at: 0, trusted: false });
  await restarted.pass(HOUR);
  assert.equal(restarted.state.runs, 0);
});

void test('a box without a clock that is switched off every night has backups too', async (t) => {
  const { folder, pass } = open(t);
  await pass(16 * MINUTE);
  const evening = open(t, { folder, at: 0, trusted: false });
  for (let hour = 0; hour < 8; hour++) await evening.pass(HOUR);
  assert.equal(evening.state.runs, 1);
});

void test('a share that does not answer holds nobody up, and is told', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { state, backups, pass, metric } = open(t, { readNewest: () => new Promise(() => {}) });
  const looked = pass(16 * MINUTE);
  t.mock.timers.tick(30_000);
  await looked;
  assert.equal(state.runs, 0);
  assert.equal(await metric('pm_iot_backup_failures_total'), 1);
  const report = backups.report();
  t.mock.timers.tick(500);
  assert.ok((await report).failed);
});

void test('of several nodes the leader alone makes backups', async (t) => {
  const { state, pass } = open(t);
  state.leads = false;
  await pass(2 * DAY);
  assert.equal(state.runs, 0);
  state.leads = true;
  await pass(MINUTE);
  assert.equal(state.runs, 1);
});

void test('a folder that is a file is told like any other fault', async (t) => {
  const folder = join(temporaryFolder(t), 'file');
  writeFileSync(folder, '');
  const { state, pass, backups } = open(t, { folder });
  await pass(16 * MINUTE);
  assert.equal(state.runs, 1);
  const { failed, lastAt } = await backups.report();
  assert.deepEqual({ failed, lastAt }, { failed: true, lastAt: null });
});
