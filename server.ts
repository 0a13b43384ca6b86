import { readFileSync, statSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { createApp } from './api/app.ts';
import { createHttpServer, createHttpsServer } from './api/server.ts';
import { createBroker } from './broker/index.ts';
import { closeServer, listen } from './broker/listeners.ts';
import { openCertificates } from './certs/index.ts';
import type { Config } from './config.ts';
import {
  createAccounts,
  createPasswords,
  createThrottle,
  createTokens,
  ensureAdmin,
} from './db/accounts/index.ts';
import { connect } from './db/client.ts';
import { createCommands } from './db/commands.ts';
import { openDataDir, readOrCreateSecret } from './db/data-dir.ts';
import { createClock } from './db/domain/clock.ts';
import { createGate } from './db/domain/gate.ts';
import { createEventLog } from './db/event-log.ts';
import { createFlowMeter } from './db/flow-meter.ts';
import { createLiveState } from './db/live-state/index.ts';
import { createMaintenance, readWatermark } from './db/maintenance.ts';
import { newestMigration } from './db/migrate.ts';
import { openDatabase } from './db/open.ts';
import { createReadingWriter } from './db/reading-writer.ts';
import { createCommandStore } from './db/stores/commands.ts';
import { createDeviceStore } from './db/stores/devices.ts';
import { createEnrollmentStore } from './db/stores/enrollments.ts';
import { createEventStore } from './db/stores/events.ts';
import { createHistoryStore } from './db/stores/history.ts';
import { createRoomStore } from './db/stores/rooms.ts';
import { createUserStore } from './db/stores/users.ts';
import { createWidgetStore } from './db/stores/widgets.ts';

const LOCK_FAILURES = { failures: 10, windowMs: 60_000, lockMs: 60_000, maxKeys: 10_000 };
/** Passwords stretched at once: 19 MiB and a thread each. */
const PASSWORD_GATE = { concurrency: 2, maxWaiting: 50 };
/** Of the 10 s that a stop may take. */
const QUIESCE_MS = 4000;
const LAST_COMMIT_MS = 2000;
const LAST_ANSWERS_MS = 1000;

export interface Running {
  /** What was accepted is committed and acknowledged, then all ends. */
  stop(): Promise<void>;
}

export interface ServerDeps {
  config: Config;
  log: Logger;
  /** Something without which nothing can be stored has ended. */
  onFatal: (error: Error) => void;
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The built program lies in `dist`, package.json beside it. */
function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(here('../package.json'), 'utf8')) as { version: string };
  return version;
}

/** A time that has certainly passed: when the program was made. Milliseconds. */
function builtAt(): number {
  return Math.min(newestMigration(), statSync(here(import.meta.url)).mtimeMs);
}

/** Composes the program: everything that lives longer than a request is made and wired here, and stopped in reverse. */
export async function startServer({ config, log, onFatal }: ServerDeps): Promise<Running> {
  const stops: (() => Promise<void> | void)[] = [];
  const onStop = (stop: () => Promise<void> | void) => stops.push(stop);
  const stop = async () => {
    for (const end of stops.reverse()) await end();
  };
  try {
    await compose({ config, log, onFatal }, onStop);
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

async function compose(
  { config, log, onFatal }: ServerDeps,
  onStop: (stop: () => Promise<void> | void) => void,
) {
  const part = (name: string) => log.child({ part: name });
  const now = Date.now;
  const dataDir = await openDataDir(config.dataDir);
  onStop(dataDir.release);
  const certificates = await openCertificates({ dir: join(dataDir.path, 'certs'), log: part('certs') });
  const jwtSecret = config.jwtSecret ?? readOrCreateSecret(dataDir.path, 'jwt.secret');

  const database = await openDatabase({
    dataDir: dataDir.path,
    url: config.databaseUrl,
    log: part('db'),
    onCrash: onFatal,
  });
  onStop(database.stop);
  const { sql, db, close } = connect(database.target, part('db'));
  onStop(close);

  const clock = createClock(now, Math.max(builtAt(), await readWatermark(sql)));
  if (!clock.trusted()) log.warn({ now: new Date(now()) }, 'the clock of this machine is wrong');
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics });
  const flows = createFlowMeter(now);
  const events = createEventStore(db);
  const eventLog = createEventLog({ store: events, log: part('events'), now });
  eventLog.start();
  onStop(eventLog.stop);

  const live = createLiveState({ db, sql, log: part('live'), now, offlineAfterMs: config.offlineAfterMs });
  await live.load();
  live.start();
  onStop(live.stop);

  const accounts = createAccounts({
    users: createUserStore(db),
    passwords: createPasswords(),
    tokens: createTokens({ secret: jwtSecret, expiresInMs: config.jwtExpiresInMs, now }),
    throttle: createThrottle({ ...LOCK_FAILURES, now }),
    gate: createGate(PASSWORD_GATE),
    events: eventLog,
    flows,
    now,
  });
  await accounts.load();
  const { adminUsername: username, adminPassword: password } = config;
  const madePassword = await ensureAdmin(accounts, { username, password });

  const writer = createReadingWriter({
    sql,
    log: part('writer'),
    onStored: ({ widgetId, at, seq, value }) => {
      clock.stored(at);
      live.applyReading(widgetId, at, seq, value);
    },
    onGroup: (_readings, milliseconds, ok) => flows.record('database_sync', milliseconds, ok),
  });
  writer.start();

  const devices = createDeviceStore({ db, sql }, { defaultWidgetStatus: config.defaultWidgetStatus });
  const enrollments = createEnrollmentStore(db);
  const broker = createBroker({
    live,
    writer,
    clock,
    devices,
    findEnrollment: enrollments.findByToken,
    accounts,
    guesses: createThrottle({ ...LOCK_FAILURES, now }),
    events: eventLog,
    flows,
    log: part('broker'),
    metrics,
    enrollmentMode: config.enrollment,
    pairTimeoutMs: config.pairTimeoutMs,
  });
  const commands = createCommands({
    store: createCommandStore(db),
    live,
    link: broker.link,
    writer,
    clock,
    events: eventLog,
    flows,
    log: part('commands'),
    timeoutMs: config.commandTimeoutMs,
    expiryMs: config.commandExpiryMs,
  });
  await commands.start();
  const maintenance = createMaintenance({ sql, clock, log: part('maintenance') });
  maintenance.start();
  onStop(maintenance.stop);

  const app = createApp({
    live,
    commands,
    link: broker.link,
    accounts,
    rooms: createRoomStore(db),
    devices,
    widgets: createWidgetStore(db),
    enrollments,
    events,
    history: createHistoryStore(sql),
    eventLog,
    flows,
    metrics,
    pingDatabase: async () => {
      const started = performance.now();
      await sql`select 1`;
      return performance.now() - started;
    },
    version: packageVersion(),
    log: part('api'),
    now,
  });

  const { ca, server: serverPair, caPath } = certificates;
  const minVersion = config.tlsMinVersion;
  const { http, https, mqtt, mqtts } = config.listeners;
  const httpServers: Server[] = [];
  const ports: Record<string, number> = {};
  const open = async (
    name: 'http' | 'https',
    server: Server,
    { host, port }: { host: string; port: number | 'off' },
  ) => {
    if (port === 'off') return;
    httpServers.push(server);
    ports[name] = await listen(server, name, host, port);
  };
  onStop(async () => {
    const closed = Promise.all(httpServers.map(closeServer));
    // Whoever waits for the end of a command is told how it is now.
    await commands.stop();
    await broker.quiesce(QUIESCE_MS);
    await writer.stop(LAST_COMMIT_MS);
    await broker.stop();
    await Promise.race([closed, sleep(LAST_ANSWERS_MS)]);
    for (const server of httpServers) server.closeAllConnections();
  });
  await open('http', createHttpServer(app), http);
  await open('https', createHttpsServer(app, { ...serverPair, minVersion }), https);
  const tls = { ...serverPair, caPem: ca.certPem, minVersion };
  Object.assign(ports, await broker.start(commands, { mqtt, mqtts, tls, http: httpServers }));

  log.info({ ca: caPath, sha256: ca.fingerprintSha256 }, 'devices and apps must trust this CA');
  if (madePassword !== null) showPassword(username, madePassword);
  // At any level: who started the process waits for this line.
  log.child({}, { level: 'info' }).info({ listeners: ports }, 'ready');
}

/** Once, for the person who starts it the first time: beside the log, so that no log keeps it. */
function showPassword(username: string, password: string): void {
  console.error(
    `\n  First start. Log in as ${username} with the password: ${password}\n  It is not shown again.\n`,
  );
}
