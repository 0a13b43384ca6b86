import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { builtAt } from '../../../db/built-at.ts';
import { broken, type Check, ok, skipped, warning } from '../finding.ts';

const run = promisify(execFile);
const DAY_MS = 86_400_000;
const ADVICE =
  'sudo timedatectl set-ntp true, and see that UDP port 123 is open; without a network: sudo date -s "2026-01-31 12:00:00"';

/** null: systemd does not run here, or does not know. */
async function isSynchronised(): Promise<boolean | null> {
  try {
    const { stdout } = await run('timedatectl', ['show', '-p', 'NTPSynchronized', '--value'], {
      timeout: 5000,
    });
    return stdout.trim() === '' ? null : stdout.trim() === 'yes';
  } catch {
    return null;
  }
}

/** Is it about right, and does something keep it so? */
export const checkClock: Check = async () => {
  const now = Date.now();
  const made = builtAt();
  const told = new Date(now).toISOString();
  if (now < made - DAY_MS) {
    return [
      broken(
        'clock_wrong',
        `The clock says ${told}, which is before this program was made (${new Date(made).toISOString().slice(0, 10)}): readings without a time of their own wait`,
        ADVICE,
      ),
    ];
  }
  const synchronised = await isSynchronised();
  if (synchronised === null)
    return [
      ok('clock', `The clock says ${told}`),
      skipped(
        'clock_synchronisation',
        'Whether anything keeps the clock right cannot be told: there is no timedatectl here',
      ),
    ];
  if (synchronised) return [ok('clock', `The clock is synchronised: ${told}`)];
  return [warning('clock_not_synchronised', `Nothing keeps the clock right: it says ${told}`, ADVICE)];
};
