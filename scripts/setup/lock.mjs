import { linkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { SetUpError } from './errors.mjs';
import { readText } from './process.mjs';

const WAIT_MS = 15 * 60_000;
const LOOK_EVERY_MS = 200;

/** Runs `work` while no other process on this machine does under the same lock file; left-over locks are taken over. */
export async function withLock(path, work) {
  const mine = `${hostname()} ${process.pid} ${Date.now()}\n`;
  await acquire(path, mine);
  try {
    await work();
  } finally {
    if (readText(path) === mine) rmSync(path, { force: true });
  }
}

async function acquire(path, mine) {
  const draft = `${path}.${process.pid}`;
  const deadline = Date.now() + WAIT_MS;
  let told = false;
  try {
    for (;;) {
      writeFileSync(draft, mine);
      const holder = take(draft, path);
      if (holder === null) return;
      if (isLeftOver(holder)) remove(path, holder);
      else if (Date.now() > deadline) {
        throw new SetUpError(
          `another set-up (${holder.trim()}) holds ${path}; remove it if that one is gone`,
        );
      } else {
        if (!told) console.log(`set-up: waiting for another set-up (process ${holder.split(' ')[1]}) …`);
        told = true;
        await sleep(LOOK_EVERY_MS);
      }
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/** null when the lock is now ours, else what its holder wrote. A link appears with its content, at once or not at all. */
function take(draft, path) {
  try {
    linkSync(draft, path);
    return null;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return readText(path) ?? '';
  }
}

function isLeftOver(holder) {
  const [host, pid, since] = holder.trim().split(' ');
  if (host !== hostname()) return !(Date.now() - Number(since) < WAIT_MS);
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

/** Takes away the lock of `holder`; one that a third process put there meanwhile is put back. */
function remove(path, holder) {
  const aside = `${path}.${process.pid}.old`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  if (readText(aside) !== holder) {
    try {
      linkSync(aside, path);
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
  }
  rmSync(aside, { force: true });
}
