import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { createDiskReport, type DiskReportDeps } from '../../db/history/disk-report.ts';
import type { Space } from '../../db/history/disk-state.ts';
import { type FoundVolume, spaceOf } from '../../db/history/volumes.ts';

const GIB = 1024 ** 3;
const dataDir = tmpdir();
/** Of another file system than any folder. */
const ELSEWHERE = '/proc';

const volume = (folder: string, space: () => Promise<Space>): FoundVolume => ({
  ...{ folder, space },
  reserve: async () => 0,
});
const plenty = async () => ({ free: GIB, size: 4 * GIB });

async function reported(given: Partial<DiskReportDeps>) {
  const guard = { state: 'ok' } as const;
  const deps = { dataDir, volume: volume(ELSEWHERE, plenty), guard, minFree: { bytes: 1 } };
  const [data, database] = await createDiskReport({ ...deps, ...given })();
  assert.deepEqual([data?.name, database?.name], ['data', 'database']);
  return { data, database };
}

void test('the disk of the database is in the state that its guard has found', async () => {
  for (const state of ['ok', 'low', 'critical'] as const) {
    const { database } = await reported({ guard: { state } });
    assert.deepEqual(database, { name: 'database', freeBytes: GIB, totalBytes: 4 * GIB, state });
  }
});

void test('the disk of the folder has a state of its own, unless it is the same disk', async () => {
  const guard = { state: 'critical' } as const;
  const { size } = await spaceOf(dataDir);
  const alone = await reported({ guard });
  assert.equal(alone.data?.totalBytes, size);
  assert.notEqual(alone.data?.state, 'critical');
  assert.equal((await reported({ minFree: { bytes: size } })).data?.state, 'low');
  const shared = volume(dataDir, () => spaceOf(dataDir));
  assert.equal((await reported({ guard, volume: shared })).data?.state, 'critical');
});

void test('nothing is claimed of a disk that is out of sight, cannot be measured, or is not guarded', async () => {
  const nothing = { name: 'database', freeBytes: null, totalBytes: null, state: 'unknown' };
  assert.deepEqual((await reported({ volume: null, guard: null })).database, nothing);
  const broken = volume(ELSEWHERE, () => Promise.reject(new Error('gone')));
  assert.deepEqual((await reported({ volume: broken })).database, nothing);
  const { data, database } = await reported({ minFree: { percent: 0 } });
  assert.deepEqual([data?.state, database?.state, database?.freeBytes], ['unknown', 'unknown', GIB]);
});
