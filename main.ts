import cluster from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { CertificateError } from './certs/authorities.ts';
import { helpText } from './config/help.ts';
import { type Config, ConfigError, loadConfig, loadEnvFile, WORKER_VARIABLE } from './config/index.ts';
import { ClusterMismatchError } from './db/cluster/nodes.ts';
import { DatabaseInUseError } from './db/cluster/one-use.ts';
import { DataDirDamagedError, DataDirLockedError, DataDirUnusableError } from './db/data-dir.ts';
import { EmbeddedFailedError } from './db/embedded/index.ts';
import { DatabaseVersionError } from './db/migrate.ts';
import { createLogger } from './logger.ts';
import { ListenError } from './net/listeners.ts';
import { packageVersion } from './server/foundation.ts';
import { type ListenerPorts, type Running, startServer } from './server/index.ts';
import { createServiceManager, type ServiceManager } from './server/service-manager.ts';
import { createSharedMetrics } from './server/worker-metrics.ts';
import { tellParent } from './server/worker-words.ts';
import { startWorkers, WorkerStartError } from './server/workers.ts';

/** EX_CONFIG of sysexits.h: the configuration is at fault, a restart cannot help. */
const EXIT_CONFIG = 78;
/** EX_USAGE of sysexits.h. */
const EXIT_USAGE = 64;
/** What did not end by then is left behind: nothing unacknowledged is lost by it. */
const STOP_LIMIT_MS = 9500;

/** It has no options but those that tell about it: a variable that is given as one would be believed and lost. */
function answerArguments([first]: readonly string[]): void {
  if (first === undefined) return;
  if (first === '--help' || first === '-h') console.log(helpText());
  else if (first === '--version') console.log(packageVersion());
  else {
    console.error(
      `${first}: there are no options but --help and --version; variables are set in the environment or .env`,
    );
    process.exit(EXIT_USAGE);
  }
  process.exit(0);
}

function readConfig(): Config {
  try {
    loadEnvFile(process.cwd());
    // Set by hand, it would open a folder that nobody has locked.
    if (cluster.isPrimary) delete process.env[WORKER_VARIABLE];
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
  if (error instanceof WorkerStartError) process.exit(error.code);
  const expected = [
    CertificateError,
    ClusterMismatchError,
    DatabaseInUseError,
    DataDirDamagedError,
    DataDirLockedError,
    EmbeddedFailedError,
    DatabaseVersionError,
    ListenError,
  ].some((kind) => error instanceof kind);
  if (expected && error instanceof Error) log.fatal(error.message);
  else log.fatal({ err: error }, message);
  process.exit(1);
}

/** What signals do to a process, once it runs. */
interface Stoppable {
  /** Resolves with the exit code. */
  stop(signal: NodeJS.Signals): Promise<number>;
  /** Ends the process when it is done. */
  drain(): void;
}

/** SIGTERM and SIGINT stop, SIGUSR2 drains, and whatever comes while it does stops. */
function createEnding(log: Logger, manager: ServiceManager) {
  let running: Stoppable | null = null;
  let draining = false;
  let stopping = false;

  const stop = async (signal: NodeJS.Signals, reason: string = signal) => {
    if (stopping) return;
    stopping = true;
    if (running === null) process.exit(0);
    log.info({ signal: reason }, 'stopping');
    manager.stopping();
    try {
      const code = await running.stop(signal);
      log.info('stopped');
      process.exit(code);
    } catch (error) {
      die(log, error, 'stopping failed');
    }
  };
  const drain = () => {
    if (draining) return;
    draining = true;
    running?.drain();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal));
  process.on('SIGUSR2', () => (draining ? void stop('SIGTERM', 'SIGUSR2') : drain()));
  return {
    runs: (started: Stoppable) => {
      running = started;
      if (draining) started.drain();
    },
    drain,
    drained: () => void stop('SIGTERM', 'drained'),
  };
}

type Ending = ReturnType<typeof createEnding>;

type TellReady = (ports: ListenerPorts) => void;

function createTellReady(log: Logger, manager: ServiceManager): TellReady {
  return (ports) => {
    // At any level: who started the process waits for this line.
    log.child({}, { level: 'info' }).info({ listeners: ports }, 'ready');
    const told = Object.entries(ports).map(([name, port]) => `${name} ${port}`);
    manager.ready(`serving ${told.join(', ')}`);
  };
}

async function serve(config: Config, log: Logger, ending: Ending, tellReady: TellReady): Promise<void> {
  const isWorker = config.worker !== null;
  const running: Running = await startServer({
    config,
    log,
    onFatal: (error) => die(log, error, 'the process cannot go on'),
    // A balancer sees a machine, not the worker that happened to answer.
    onDrain: () => (isWorker ? tellParent({ kind: 'drain' }) : ending.drain()),
    readMetrics: (own) => (isWorker ? createSharedMetrics(own) : own),
    onReady: (ports) => (isWorker ? tellParent({ kind: 'ready', ports }) : tellReady(ports)),
  });
  ending.runs({
    stop: async () => {
      const late = sleep(STOP_LIMIT_MS).then(() => {
        log.warn('the database does not let go in time: what it has not confirmed was not acknowledged');
      });
      await Promise.race([running.stop(), late]);
      return 0;
    },
    drain: () => {
      running.drain().then(ending.drained, (error: unknown) => die(log, error, 'draining failed'));
    },
  });
}

async function lead(config: Config, log: Logger, ending: Ending, tellReady: TellReady): Promise<void> {
  const workers = await startWorkers({ config, log, onDrained: ending.drained });
  ending.runs(workers);
  tellReady(workers.ports);
}

async function main(): Promise<void> {
  answerArguments(process.argv.slice(2));
  const config = readConfig();
  const { workers, worker, logLevel: level } = config;
  const log = createLogger({ level, ...(worker !== null && { base: { worker } }) });
  process.on('uncaughtException', (error) => die(log, error, 'unexpected error: the process ends'));
  const manager = createServiceManager({ env: process.env, log });
  const ending = createEnding(log, manager);
  try {
    await (workers > 1 && worker === null ? lead : serve)(config, log, ending, createTellReady(log, manager));
  } catch (error) {
    die(log, error, 'start failed');
  }
}

void main();
