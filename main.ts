import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { CertificateError } from './certs/authorities.ts';
import { type Config, ConfigError, loadConfig, loadEnvFile } from './config/index.ts';
import { ClusterMismatchError } from './db/cluster/nodes.ts';
import { DatabaseInUseError } from './db/cluster/one-use.ts';
import { DataDirLockedError, DataDirUnusableError } from './db/data-dir.ts';
import { DatabaseVersionError } from './db/migrate.ts';
import { createLogger } from './logger.ts';
import { ListenError } from './net/listeners.ts';
import { type Running, startServer } from './server/index.ts';

/** EX_CONFIG of sysexits.h: the configuration is at fault, a restart cannot help. */
const EXIT_CONFIG = 78;
/** What did not end by then is left behind: nothing unacknowledged is lost by it. */
const STOP_LIMIT_MS = 9500;

function readConfig(): Config {
  try {
    loadEnvFile(process.cwd());
    return loadConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const line of error.lines) console.error(line);
    process.exit(EXIT_CONFIG);
  }
}

function die(log: Logger, error: unknown, message: string): never {
  if (error instanceof DataDirUnusableError) {
    console.error(error.message);
    process.exit(EXIT_CONFIG);
  }
  const expected = [
    CertificateError,
    ClusterMismatchError,
    DatabaseInUseError,
    DataDirLockedError,
    DatabaseVersionError,
    ListenError,
  ].some((kind) => error instanceof kind);
  if (expected && error instanceof Error) log.fatal(error.message);
  else log.fatal({ err: error }, message);
  process.exit(1);
}

async function stop(running: Running, log: Logger, signal: string): Promise<never> {
  log.info({ signal }, 'stopping');
  const late = sleep(STOP_LIMIT_MS).then(() => {
    log.warn('the database does not let go in time: what it has not confirmed was not acknowledged');
  });
  try {
    await Promise.race([running.stop(), late]);
  } catch (error) {
    die(log, error, 'stopping failed');
  }
  log.info('stopped');
  process.exit(0);
}

async function main(): Promise<void> {
  const config = readConfig();
  const log = createLogger({ level: config.logLevel });
  process.on('uncaughtException', (error) => die(log, error, 'unexpected error: the process ends'));
  let running: Running | null = null;
  let signalled: string | null = null;
  const onSignal = (signal: string) => {
    if (signalled !== null) return;
    signalled = signal;
    if (running !== null) void stop(running, log, signal);
    else process.exit(0);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  try {
    running = await startServer({
      config,
      log,
      onFatal: (error) => die(log, error, 'the process cannot go on'),
    });
  } catch (error) {
    die(log, error, 'start failed');
  }
}

void main();
