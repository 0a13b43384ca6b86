import { readFileSync } from 'node:fs';
import { type BlockList, isIP } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { faultOfOwn, type OwnFiles } from '../certs/own.ts';
import { MAX_PASSWORD, MIN_PASSWORD, passwordFault } from '../db/accounts/password-rules.ts';
import type { Limits } from '../db/domain/limits.ts';
import { parseRedisUrl, REDIS_FORMS, type RedisTarget } from '../db/domain/redis-target.ts';
import { WIDGET_STATUSES, type WidgetStatus } from '../db/domain/types.ts';
import type { MinFree } from '../db/history/disk-state.ts';
import type { Retention } from '../db/history/retention.ts';
import { readLimits } from './limits.ts';
import { createReader } from './reader.ts';
import { readRetention } from './retention.ts';
import { readJwtSecret, readMetricsToken } from './secrets.ts';
import { readTrustedProxies } from './trusted-proxies.ts';

export interface ListenerAddress {
  host: string;
  /** 0: any free port. */
  port: number | 'off';
}

export interface Config {
  dataDir: string;
  /** null: the embedded database. */
  databaseUrl: string | null;
  /** null: this node is alone. */
  redis: RedisTarget | null;
  /** Of this node, for people. */
  nodeName: string;
  /** Processes of this machine, each a node; 1: the one that was started. */
  workers: number;
  /** Which of them this is, from 1 on; null: it has no siblings. */
  worker: number | null;
  /** Over which the clients of a node that is drained are sent away. */
  drainMs: number;
  listeners: { http: ListenerAddress; https: ListenerAddress; mqtt: ListenerAddress; mqtts: ListenerAddress };
  tlsMinVersion: 'TLSv1.2' | 'TLSv1.3';
  adminUsername: string;
  /** null: a random one. */
  adminPassword: string | null;
  /** null: made once and kept. */
  jwtSecret: string | null;
  jwtExpiresInMs: number;
  /** Opens `/api/metrics` and nothing else; null: none does. */
  metricsToken: string | null;
  sessionExpiryMs: number;
  enrollment: 'open' | 'token' | 'closed';
  offlineAfterMs: number;
  commandTimeoutMs: number;
  commandExpiryMs: number;
  pairTimeoutMs: number;
  defaultWidgetStatus: WidgetStatus;
  /** Origins of web pages elsewhere that may call the API. */
  corsOrigins: readonly string[];
  /** Load balancers that are believed in who their clients are; null: none. */
  trustedProxies: BlockList | null;
  /** Paths of an operator's own certificate and key, in place of ours. */
  tlsFiles: OwnFiles | null;
  /** How devices are told to reach this box; null: its addresses. */
  publicHost: string | null;
  /** How long events are kept; null: for ever. */
  retentionEventsMs: number | null;
  /** Milliseconds; null: for ever. Each at least as long as the one before. */
  retention: Retention;
  /** Free space of the disk of the database, below which the oldest raw readings go. */
  minFreeDisk: MinFree;
  limits: Limits;
  logLevel: (typeof LOG_LEVELS)[number];
}

/** Set by the parent of workers alone. */
export const WORKER_VARIABLE = 'PM_IOT_WORKER';
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
const DEFAULT_ADMIN = 'admin';
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;

/** Every bad variable, each with one line for the person who set it. */
export class ConfigError extends Error {
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(lines.join('\n'));
    this.name = 'ConfigError';
    this.lines = lines;
  }
}

/** Reads `.env` of a folder into the environment; what is set already stays. */
export function loadEnvFile(folder: string, env: NodeJS.ProcessEnv = process.env): void {
  let text: string;
  try {
    text = readFileSync(join(folder, '.env'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw new ConfigError([
      `.env: cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    ]);
  }
  for (const [name, value] of Object.entries(parseEnv(text))) env[name] ||= value;
}

const isLoopback = (host: string) =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

/**
 * Throws a ConfigError that names every bad variable. An empty variable counts as unset. `readFiles`: the files that
 * variables name must be of use too; a tool that does not need them goes on without.
 */
export function loadConfig(env: NodeJS.ProcessEnv, { readFiles = true } = {}): Config {
  const reader = createReader(env);
  const { lines, read, oneOf, duration, retention, port, host, share, count } = reader;

  const plaintext = oneOf('ALLOW_PLAINTEXT', 'false', ['true', 'false']) === 'true';
  const plain = (name: string, address: ListenerAddress): ListenerAddress => {
    if (!plaintext && address.port !== 'off' && !isLoopback(address.host)) {
      lines.push(
        `${name}_HOST: ${JSON.stringify(address.host)} would send passwords in plain text over the network: ` +
          'a loopback address such as 127.0.0.1 is allowed, or set ALLOW_PLAINTEXT=true',
      );
    }
    return address;
  };

  const tlsFiles = (): Config['tlsFiles'] => {
    const { TLS_CERT: cert, TLS_KEY: key } = env;
    if (!cert && !key) return null;
    if (cert && key) {
      const fault = readFiles ? faultOfOwn({ cert, key }) : null;
      if (fault !== null) lines.push(fault);
      return { cert, key };
    }
    const [missing, set] = cert ? ['TLS_KEY', 'TLS_CERT'] : ['TLS_CERT', 'TLS_KEY'];
    lines.push(`${missing}: must be set too when ${set} is: the path of a PEM file`);
    return null;
  };

  const worker = read<number | null>(WORKER_VARIABLE, null, 'set by the program itself', (text) =>
    /^[1-9]\d?$/.test(text) ? Number(text) : undefined,
  );
  const nodeName = read('NODE_NAME', hostname(), 'a name of 1 to 64 characters without spaces', (text) =>
    /^\S{1,64}$/u.test(text) ? text : undefined,
  );

  const config: Config = {
    dataDir: read('DATA_DIR', './data', 'the path of a folder', (text) =>
      text.includes('\u0000') ? undefined : text,
    ),
    databaseUrl: read<string | null>(
      'DATABASE_URL',
      null,
      'a URL such as postgres://user:password@host:5432/database',
      parseDatabaseUrl,
      true,
    ),
    redis: read<RedisTarget | null>('REDIS_URL', null, REDIS_FORMS, parseRedisUrl, true),
    nodeName: worker === null ? nodeName : `${nodeName}/${worker}`,
    workers: count('WORKERS', 1, 1, 64),
    worker,
    drainMs: duration('DRAIN_TIME', 30 * SECOND, SECOND, HOUR, 'from 1s to 1h'),
    listeners: {
      http: plain('HTTP', { host: host('HTTP_HOST', '127.0.0.1'), port: port('HTTP_PORT', 3000) }),
      https: { host: host('HTTPS_HOST', '0.0.0.0'), port: port('HTTPS_PORT', 8443) },
      mqtt: plain('MQTT', { host: host('MQTT_HOST', '127.0.0.1'), port: port('MQTT_PORT', 1883) }),
      mqtts: { host: host('MQTTS_HOST', '0.0.0.0'), port: port('MQTTS_PORT', 8883) },
    },
    tlsMinVersion: oneOf('TLS_MIN_VERSION', 'TLSv1.3', ['TLSv1.2', 'TLSv1.3']),
    adminUsername: read(
      'ADMIN_USERNAME',
      DEFAULT_ADMIN,
      'a name of 1 to 64 characters without spaces',
      (text) => (/^\S{1,64}$/u.test(text) ? text : undefined),
    ),
    adminPassword: read<string | null>(
      'ADMIN_PASSWORD',
      null,
      `a password of ${MIN_PASSWORD} to ${MAX_PASSWORD} characters, neither a common one nor made of the user name`,
      (text) => (passwordFault(text, env.ADMIN_USERNAME || DEFAULT_ADMIN) === null ? text : undefined),
      true,
    ),
    jwtSecret: readJwtSecret(reader),
    jwtExpiresInMs: duration('JWT_EXPIRES_IN', 72 * HOUR, SECOND, 365 * DAY, 'from 1s to 365d'),
    metricsToken: readMetricsToken(reader),
    enrollment: oneOf('DEVICE_ENROLLMENT', 'token', ['open', 'token', 'closed']),
    sessionExpiryMs: duration('SESSION_EXPIRY', 7 * DAY, MINUTE, 365 * DAY, 'from 1m to 365d'),
    offlineAfterMs: duration('OFFLINE_AFTER', 60 * SECOND, SECOND, DAY, 'from 1s to 1d'),
    commandTimeoutMs: duration('COMMAND_TIMEOUT', 60 * SECOND, 100, DAY, 'from 100ms to 1d'),
    commandExpiryMs: duration('COMMAND_EXPIRY', HOUR, 100, 30 * DAY, 'from 100ms to 30d'),
    pairTimeoutMs: duration('PAIR_TIMEOUT', 30 * SECOND, 100, HOUR, 'from 100ms to 1h'),
    defaultWidgetStatus: oneOf('DEFAULT_WIDGET_STATUS', 'exclude', WIDGET_STATUSES),
    corsOrigins: read<string[]>(
      'CORS_ORIGINS',
      [],
      'origins such as https://app.example.org, separated by commas',
      parseOrigins,
    ),
    trustedProxies: readTrustedProxies(reader),
    tlsFiles: tlsFiles(),
    publicHost: host('PUBLIC_HOST', null),
    retentionEventsMs: retention('RETENTION_EVENTS', 365 * DAY, DAY),
    retention: readRetention(reader),
    minFreeDisk: share('MIN_FREE_DISK', { percent: 5 }),
    limits: readLimits(reader),
    logLevel: oneOf('LOG_LEVEL', 'info', LOG_LEVELS),
  };
  if (config.redis !== null && config.databaseUrl === null) {
    lines.push(
      'DATABASE_URL: must be set too when REDIS_URL is: nodes of a cluster share a PostgreSQL server',
    );
  }
  const { workers, databaseUrl, redis } = config;
  const missing = Object.entries({ DATABASE_URL: databaseUrl, REDIS_URL: redis }).flatMap(([name, value]) =>
    value === null ? [name] : [],
  );
  if (workers > 1 && missing.length > 0) {
    lines.push(
      `WORKERS: ${workers} is not allowed without ${missing.join(' and ')}: the workers are nodes that share them`,
    );
  }
  if (lines.length > 0) throw new ConfigError(lines);
  return Object.freeze(config);
}

function parseOrigins(text: string): string[] | undefined {
  const origins = text.split(',').map((origin) => origin.trim());
  const isOrigin = (origin: string) =>
    /^https?:\/\//.test(origin) && URL.canParse(origin) && new URL(origin).origin === origin;
  return origins.every(isOrigin) ? origins : undefined;
}

function parseDatabaseUrl(text: string): string | undefined {
  try {
    const url = new URL(text);
    const known = url.protocol === 'postgres:' || url.protocol === 'postgresql:';
    return known && url.hostname !== '' ? text : undefined;
  } catch {
    return undefined;
  }
}
