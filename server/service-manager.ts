import { spawn } from 'node:child_process';
import type { Log } from '../db/domain/ports.ts';

/** While it starts: how long systemd is asked to wait, and how often. A database that is waited for may take an hour. */
const START_PATIENCE_MS = 60_000;
const START_EVERY_MS = 15_000;
/** Of the time after which systemd takes the process for hung: one lost word does no harm. */
const WATCHDOG_SHARE = 1 / 3;
/** One that does not end must not silence the watchdog. */
const SEND_LIMIT_MS = 10_000;

export interface ServiceManager {
  /** It serves: `status` is shown by `systemctl status`. */
  ready(status: string): void;
  stopping(): void;
}

export interface ServiceManagerDeps {
  /** NOTIFY_SOCKET and WATCHDOG_… are taken out of it: processes that this one starts are none of systemd's. */
  env: NodeJS.ProcessEnv;
  log: Log;
}

const NOBODY: ServiceManager = { ready: () => {}, stopping: () => {} };

function watchdogMs(env: NodeJS.ProcessEnv): number | null {
  const { WATCHDOG_USEC: microseconds, WATCHDOG_PID: pid } = env;
  const limit = Number(microseconds ?? 0) / 1000;
  return limit > 0 && (pid === undefined || Number(pid) === process.pid) ? limit : null;
}

/**
 * Tells systemd how the process is (sd_notify), where systemd has started it with `Type=notify`. Node has no datagram
 * sockets of Unix, so systemd's own `systemd-notify` carries the words: 3 ms for each, and `NotifyAccess=all` in the unit.
 * The watchdog's come from a timer of the event loop: a loop that hangs is silent, and systemd starts the process anew.
 */
export function createServiceManager({ env, log }: ServiceManagerDeps): ServiceManager {
  const socket = env.NOTIFY_SOCKET;
  const watchdog = watchdogMs(env);
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete env[name];
  if (!socket) return NOBODY;

  const waiting: string[][] = [];
  let onTheWay = false;
  let failed = false;
  let timer: NodeJS.Timeout | undefined;

  const next = () => {
    const words = waiting.shift();
    if (words === undefined) return;
    onTheWay = true;
    const child = spawn('systemd-notify', words, {
      env: { PATH: env.PATH, NOTIFY_SOCKET: socket },
      stdio: 'ignore',
      timeout: SEND_LIMIT_MS,
    });
    const done = (why: string | null) => {
      onTheWay = false;
      if (why !== null && !failed) log.warn({ why }, 'systemd cannot be told how the process is');
      failed = why !== null;
      next();
    };
    child.once('error', (error) => done(error.message));
    child.once('exit', (code) => done(code === 0 ? null : `systemd-notify ended with ${code ?? 'a signal'}`));
  };
  const tell = (...words: string[]) => {
    waiting.push(words);
    if (!onTheWay) next();
  };
  const every = (milliseconds: number, ...words: string[]) => {
    clearInterval(timer);
    // What is said again and again need not wait behind itself.
    timer = setInterval(() => waiting.length === 0 && tell(...words), milliseconds).unref();
  };

  const patience = `EXTEND_TIMEOUT_USEC=${START_PATIENCE_MS * 1000}`;
  tell('STATUS=starting', patience);
  every(START_EVERY_MS, patience);
  return {
    ready: (status) => {
      clearInterval(timer);
      tell('READY=1', `STATUS=${status}`);
      if (watchdog !== null) every(watchdog * WATCHDOG_SHARE, 'WATCHDOG=1');
    },
    stopping: () => {
      clearInterval(timer);
      tell('STOPPING=1', 'STATUS=stopping');
    },
  };
}
