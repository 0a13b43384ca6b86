import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { nameTime } from '../backup/rotation.ts';
import { knownMigrations } from '../built-at.ts';
import { isUnavailable } from '../client.ts';
import type { Log } from '../domain/ports.ts';
import { makeFolder } from '../durable-file.ts';
import type { Upgrade, UpgradeCare } from '../migrate.ts';
import { UpgradeError } from './errors.ts';
import type { UpgradeBackupMode } from './mode.ts';

/** Whoever runs a larger one backs it up by other means, and would wait for minutes. */
const MAX_SERVER_BYTES = 2 * 1024 ** 3;
/** Of different versions. */
const KEPT = 3;
const TELL_EVERY_MS = 5000;
const NAME = /^before-upgrade-from-(\d{4}_\w+?)-\d{8}T\d{6}Z(?:-\d+)?\.tar\.gz(?:\.age)?$/;
const PARTIAL = /^before-upgrade-from-.*\.partial$/;

export interface BackupProgress {
  step: string;
  done: number;
  total: number;
}

export interface UpgradeBackupDeps {
  mode: UpgradeBackupMode;
  folder: string;
  embedded: boolean;
  encrypted: boolean;
  log: Log;
  now: () => number;
  /** Throws where the folder is another box's. */
  claim: () => void;
  /** Writes one file whole or not at all (`.partial` beside it until then), and looks whether it can be read. */
  write(path: string, onProgress: (progress: BackupProgress) => void): Promise<unknown>;
}

/** Looks after a database whose migrations are about to be run. */
export function createUpgradeCare(deps: UpgradeBackupDeps): UpgradeCare {
  const { mode, folder, embedded, encrypted, log, now, claim, write } = deps;
  /** For the migrations that are tried again when the database was away. */
  let written: { from: string; path: string } | null = null;

  const backUp = async ({ from, to, bytes }: Upgrade): Promise<string | null> => {
    if (mode === 'off') {
      log.warn({ from, to }, 'no backup before the upgrade of the database: UPGRADE_BACKUP is off');
      return null;
    }
    if (!embedded && mode === 'auto' && bytes > MAX_SERVER_BYTES) {
      const limit = MAX_SERVER_BYTES;
      log.warn(
        { from, to, bytes, limit },
        'no backup before the upgrade of the database, which is large: UPGRADE_BACKUP=always would write one',
      );
      return null;
    }
    if (written?.from === from) return written.path;
    const path = freePath(from);
    const started = performance.now();
    log.info({ from, to, bytes, path }, 'backing up before the upgrade of the database');
    let told = started;
    try {
      makeFolder(folder);
      claim();
      removePartials(folder);
      await write(path, (progress) => {
        if (performance.now() - told < TELL_EVERY_MS) return;
        told = performance.now();
        log.info(progress, 'still backing up');
      });
    } catch (error) {
      // A server that went away comes back; the embedded one ends only where something is wrong.
      if (!embedded && isUnavailable(error)) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw new UpgradeError(
        `no backup could be written before the upgrade of the database (${path}: ${why}). Nothing was changed: the version ` +
          'before starts as it did. Make room, or name another folder with BACKUP_DIR; UPGRADE_BACKUP=off upgrades without ' +
          'a backup. See docs/upgrade.md',
        { cause: error },
      );
    }
    written = { from, path };
    log.info({ path, ms: Math.round(performance.now() - started) }, 'backed up before the upgrade');
    removeOlder(path, from);
    return path;
  };

  const freePath = (from: string): string => {
    const time = nameTime(now());
    for (let number = 1; ; number++) {
      const again = number === 1 ? '' : `-${number}`;
      const name = `before-upgrade-from-${from}-${time}${again}.tar.gz${encrypted ? '.age' : ''}`;
      if (!existsSync(join(folder, name))) return join(folder, name);
    }
  };

  /** One of each version, and of few versions. Not by time: the clock may be wrong. */
  const removeOlder = (path: string, from: string) => {
    const others = backupsIn(folder).filter((each) => each.path !== path);
    const kept = others.filter((each) => each.from !== from).slice(0, KEPT - 1);
    for (const each of others.filter((other) => !kept.includes(other))) {
      try {
        rmSync(each.path);
        log.info({ path: each.path }, 'removed an older backup from before an upgrade');
      } catch (error) {
        log.warn({ err: error, path: each.path }, 'an older backup cannot be removed');
      }
    }
  };

  return {
    backUp,
    findBackup: () => {
      const known = new Set(knownMigrations().map(({ tag }) => tag));
      return backupsIn(folder).find(({ from }) => known.has(from))?.path ?? null;
    },
  };
}

/** Left by one that was cut. Whoever is here holds the lock of migrations, so that nobody else writes one. */
function removePartials(folder: string): void {
  for (const name of namesIn(folder)) if (PARTIAL.test(name)) rmSync(join(folder, name), { force: true });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Those from before upgrades, the newest version first. */
function backupsIn(folder: string): { path: string; from: string }[] {
  return namesIn(folder)
    .flatMap((name) => {
      const from = NAME.exec(name)?.[1];
      return from === undefined ? [] : [{ path: join(folder, name), from, name }];
    })
    .sort((a, b) => (a.name < b.name ? 1 : -1));
}
