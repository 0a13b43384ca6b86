import { statSync } from 'node:fs';
import { type KeptBackup, listBackups } from '../../../db/backup/rotation.ts';
import { sizeText } from '../../operator/sizes.ts';
import {
  broken,
  type Check,
  codeOf,
  type Finding,
  messageOf,
  ok,
  quoted,
  skipped,
  warning,
} from '../finding.ts';

const DAY_MS = 86_400_000;
/** Of backups that a person makes. */
const OLD_MS = 30 * DAY_MS;
const ADVICE = 'npm run backup; BACKUP_EVERY=24h makes them by itself (docs/backup.md)';

/** By when it was written, unless the clock has been set meanwhile. */
const ageOf = ({ path }: KeptBackup): number => Math.max(0, Date.now() - statSync(path).mtimeMs);

/** When the last one was made; what is in it was verified when it was written. */
export const checkBackup: Check = ({ config: { backup } }): Finding[] => {
  const { folder, everyMs } = backup;
  let kept: KeptBackup[];
  try {
    kept = listBackups(folder);
  } catch (error) {
    const denied = ['EACCES', 'EPERM'].includes(codeOf(error));
    return [
      (denied ? skipped : broken)(
        'backup_unreadable',
        `The folder of backups ${folder} cannot be looked at: ${messageOf(error)}`,
        denied
          ? 'run this as the user of the server, or with sudo'
          : `BACKUP_DIR must be a folder: ls -ld ${quoted(folder)}`,
      ),
    ];
  }
  const last = kept.at(-1);
  if (last === undefined) {
    if (everyMs === null)
      return [warning('backup_none', `There is no backup in ${folder}, and none is made by itself`, ADVICE)];
    return [
      skipped(
        'backup_none',
        `There is no backup in ${folder} yet; one is made every ${Math.round(everyMs / 3_600_000)} h`,
      ),
    ];
  }
  const age = ageOf(last);
  const text = `The last backup is ${Math.floor(age / DAY_MS)} days old (${last.path}, ${sizeText(statSync(last.path).size)})`;
  // One that failed is tried again with the next.
  if (age > (everyMs === null ? OLD_MS : 2 * everyMs + DAY_MS / 24))
    return [
      warning(
        'backup_old',
        text,
        everyMs === null
          ? ADVICE
          : 'the log of the server tells why none was made since: sudo journalctl -u pm-iot | grep -i backup',
      ),
    ];
  return [ok('backup', text)];
};
