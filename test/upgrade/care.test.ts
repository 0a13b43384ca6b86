import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Log } from '../../db/domain/ports.ts';
import { startEmbedded } from '../../db/embedded/index.ts';
import { createUpgradeCare, type UpgradeBackupDeps } from '../../db/upgrade/backup.ts';
import { DatabaseVersionError, UpgradeError } from '../../db/upgrade/errors.ts';
import { silent } from '../helpers/database.ts';

const NOW = Date.UTC(2026, 10, 28, 16);
const SMALL = 20 * 1024 ** 2;
const LARGE = 3 * 1024 ** 3;

function care(t: TestContext, more: Partial<UpgradeBackupDeps> = {}) {
  const parent = mkdtempSync(join(tmpdir(), 'pm-iot-care-'));
  t.after(() => rmSync(parent, { recursive: true, force: true }));
  const folder = join(parent, 'backups');
  const warned: string[] = [];
  const log: Log = { ...silent, warn: (_, message) => void warned.push(message) };
  const make = () =>
    createUpgradeCare({
      ...{ mode: 'auto', folder, embedded: true, encrypted: false, log, now: () => NOW },
      claim: () => {},
      write: async (path) => writeFileSync(path, 'a backup'),
      ...more,
    });
  return { make, folder, warned };
}

const upgrade = (from: string, bytes = SMALL) => ({ from, to: '0006_nodes', bytes });

void test('the newest backup of each version is kept, and those of three versions, whatever the clock says', async (t) => {
  let now = NOW;
  const { make, folder } = care(t, { now: () => now });
  for (const from of ['0000_start', '0001_access', '0002_former_devices', '0003_events', '0003_events']) {
    await make().backUp(upgrade(from));
    // A box without a clock, started again.
    now -= 24 * 3_600_000;
  }
  assert.deepEqual(readdirSync(folder).sort(), [
    'before-upgrade-from-0001_access-20261127T160000Z.tar.gz',
    'before-upgrade-from-0002_former_devices-20261126T160000Z.tar.gz',
    'before-upgrade-from-0003_events-20261124T160000Z.tar.gz',
  ]);
  assert.equal(make().findBackup(), join(folder, 'before-upgrade-from-0003_events-20261124T160000Z.tar.gz'));
});

void test('other files stay, and what a cut backup has left goes', async (t) => {
  const { make, folder } = care(t, { encrypted: true });
  mkdirSync(folder);
  const partial = 'before-upgrade-from-0001_access-20261127T160000Z.tar.gz.partial';
  const daily = 'pm-iot-000001-20261127T160000Z.tar.gz';
  const future = 'before-upgrade-from-9999_later-20261127T160000Z.tar.gz';
  for (const name of [partial, daily, future]) writeFileSync(join(folder, name), '');
  const path = await make().backUp(upgrade('0003_events'));
  assert.equal(path, join(folder, 'before-upgrade-from-0003_events-20261128T160000Z.tar.gz.age'));
  assert.deepEqual(readdirSync(folder).sort(), [
    'before-upgrade-from-0003_events-20261128T160000Z.tar.gz.age',
    future,
    daily,
  ]);
  // This version could not start on that of a later one.
  assert.equal(make().findBackup(), path);
});

void test('an upgrade that is tried again is backed up once, and a stopped clock overwrites nothing', async (t) => {
  const { make, folder } = care(t);
  const one = make();
  const first = await one.backUp(upgrade('0003_events'));
  assert.equal(await one.backUp(upgrade('0003_events')), first);
  const second = await make().backUp(upgrade('0003_events'));
  assert.equal(second, join(folder, 'before-upgrade-from-0003_events-20261128T160000Z-2.tar.gz'));
  assert.equal(readdirSync(folder).length, 1);
});

void test('a large server is left out with a word, and whoever wants none gets none', async (t) => {
  const large = care(t, { embedded: false });
  assert.equal(await large.make().backUp(upgrade('0003_events', LARGE)), null);
  assert.match(large.warned.join(), /UPGRADE_BACKUP=always/);
  const always = care(t, { embedded: false, mode: 'always' });
  assert.ok(await always.make().backUp(upgrade('0003_events', LARGE)));
  const embedded = care(t);
  assert.ok(await embedded.make().backUp(upgrade('0003_events', LARGE)));
  const off = care(t, { mode: 'off' });
  assert.equal(await off.make().backUp(upgrade('0003_events')), null);
  assert.match(off.warned.join(), /UPGRADE_BACKUP is off/);
});

void test('without its backup there is no upgrade: the line says what to do; a server that is away is waited for', async (t) => {
  const fails = (code: string) => async () => {
    throw Object.assign(new Error(`${code}: no space left on device, write`), { code });
  };
  const full = care(t, { write: fails('ENOSPC') });
  await assert.rejects(full.make().backUp(upgrade('0003_events')), (error: unknown) => {
    assert.ok(error instanceof UpgradeError);
    assert.match(error.message, /ENOSPC.*Nothing was changed.*BACKUP_DIR; UPGRADE_BACKUP=off/);
    return true;
  });
  const away = care(t, { embedded: false, write: fails('CONNECTION_CLOSED') });
  await assert.rejects(away.make().backUp(upgrade('0003_events')), { code: 'CONNECTION_CLOSED' });
});

void test('files of another major version of PostgreSQL are refused with the way out', async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'pm-iot-major-'));
  t.after(() => rmSync(dataDir, { recursive: true, force: true }));
  mkdirSync(join(dataDir, 'db'));
  writeFileSync(join(dataDir, 'db', 'PG_VERSION'), '17\n');
  await assert.rejects(startEmbedded({ dataDir, log: silent, onCrash: () => {} }), (error: unknown) => {
    assert.ok(error instanceof DatabaseVersionError);
    assert.match(error.message, /is of PostgreSQL 17, .* is PostgreSQL 18: .*npm run restore/);
    return true;
  });
});
