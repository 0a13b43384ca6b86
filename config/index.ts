import { readFileSync } from 'node:fs';
import type { BlockList } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { faultOfOwn, type OwnFiles } from '../certs/own.ts';
import type { Limits } from '../db/domain/limits.ts';
import type { RedisTarget } from '../db/domain/redis-target.ts';
import type { WidgetStatus } from '../db/domain/types.ts';
import type { MinFree } from '../db/history/disk-state.ts';
import type { Retention } from '../db/history/retention.ts';
import type { UpgradeBackupMode } from '../db/upgrade/mode.ts';
import { contradictions } from './contradictions.ts';
import { readVariables } from './variable.ts';
import { VARIABLES, type VariableValues } from './variables/index.ts';
import { limitsOf } from './variables/limits.ts';

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
  /** Where a random one is told; null: beside the log. */
  firstPasswordFile: string | null;
  /** null: made once and kept. */
  jwtSecret: string | null;
  /** Opens `/api/metrics` and nothing else; null: none does. */
  metricsToken: string | null;
  jwtExpiresInMs: number;
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
  /** Under which it announces itself by mDNS, without `.local`; null: not at all. */
  mdnsName: string | null;
  /** How long events are kept; null: for ever. */
  retentionEventsMs: number | null;
  /** Milliseconds; null: for ever. Each at least as long as the one before. */
  retention: Retention;
  /** Free space of the disk of the database, below which the oldest raw readings go. */
  minFreeDisk: MinFree;
  backup: {
    folder: string;
    /** null: never. */
    everyMs: number | null;
    keep: number;
    passphraseFile: string | null;
  };
  /** Is the database backed up before a new version changes its tables? */
  upgradeBackup: UpgradeBackupMode;
  limits: Limits;
  logLevel: VariableValues['LOG_LEVEL'];
}

/** Set by the parent of workers alone. */
export const WORKER_VARIABLE = 'PM_IOT_WORKER' satisfies keyof typeof VARIABLES;

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

/**
 * Throws a ConfigError that names every bad variable. An empty variable counts as unset. `readFiles`: the files that
 * variables name must be of use too; a tool that does not need them goes on without.
 */
export function loadConfig(env: NodeJS.ProcessEnv, { readFiles = true } = {}): Config {
  const { values, lines } = readVariables(VARIABLES, env);
  lines.push(...contradictions(values));

  const tlsFiles = (): Config['tlsFiles'] => {
    const { TLS_CERT: cert, TLS_KEY: key } = values;
    if (cert === null || key === null) return null;
    const fault = readFiles ? faultOfOwn({ cert, key }) : null;
    if (fault !== null) lines.push(fault);
    return { cert, key };
  };
  const { PM_IOT_WORKER: worker } = values;
  const nodeName = values.NODE_NAME ?? hostname();

  const config: Config = {
    dataDir: values.DATA_DIR,
    databaseUrl: values.DATABASE_URL,
    redis: values.REDIS_URL,
    nodeName: worker === null ? nodeName : `${nodeName}/${worker}`,
    workers: values.WORKERS,
    worker,
    drainMs: values.DRAIN_TIME,
    listeners: {
      http: { host: values.HTTP_HOST, port: values.HTTP_PORT },
      https: { host: values.HTTPS_HOST, port: values.HTTPS_PORT },
      mqtt: { host: values.MQTT_HOST, port: values.MQTT_PORT },
      mqtts: { host: values.MQTTS_HOST, port: values.MQTTS_PORT },
    },
    tlsMinVersion: values.TLS_MIN_VERSION,
    adminUsername: values.ADMIN_USERNAME,
    adminPassword: values.ADMIN_PASSWORD,
    firstPasswordFile: values.FIRST_PASSWORD_FILE,
    jwtSecret: values.JWT_SECRET,
    metricsToken: values.METRICS_TOKEN,
    jwtExpiresInMs: values.JWT_EXPIRES_IN,
    enrollment: values.DEVICE_ENROLLMENT,
    sessionExpiryMs: values.SESSION_EXPIRY,
    offlineAfterMs: values.OFFLINE_AFTER,
    commandTimeoutMs: values.COMMAND_TIMEOUT,
    commandExpiryMs: values.COMMAND_EXPIRY,
    pairTimeoutMs: values.PAIR_TIMEOUT,
    defaultWidgetStatus: values.DEFAULT_WIDGET_STATUS,
    corsOrigins: values.CORS_ORIGINS ?? [],
    trustedProxies: values.TRUSTED_PROXIES,
    tlsFiles: tlsFiles(),
    publicHost: values.PUBLIC_HOST,
    mdnsName: values.MDNS_NAME,
    retentionEventsMs: values.RETENTION_EVENTS,
    retention: { raw: values.RETENTION_RAW, minute: values.RETENTION_MINUTE, hour: values.RETENTION_HOUR },
    minFreeDisk: values.MIN_FREE_DISK,
    backup: {
      folder: values.BACKUP_DIR ?? join(values.DATA_DIR, 'backups'),
      // The disk of this machine may be far too small for what is on a server.
      everyMs: values.DATABASE_URL !== null && !env.BACKUP_EVERY ? null : values.BACKUP_EVERY,
      keep: values.BACKUP_KEEP,
      passphraseFile: values.BACKUP_PASSPHRASE_FILE,
    },
    upgradeBackup: values.UPGRADE_BACKUP,
    limits: limitsOf(values),
    logLevel: values.LOG_LEVEL,
  };
  if (lines.length > 0) throw new ConfigError(lines);
  return Object.freeze(config);
}
