import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { Log } from '../db/domain/ports.ts';
import type { RedisTarget } from '../db/domain/redis-target.ts';

export type RedisConnection = Redis | Cluster;

/** Milliseconds. Redis answers within one, or there is something wrong. */
const CONNECT_TIMEOUT = 3000;
const COMMAND_TIMEOUT = 3000;
const SILENCE = 4000;
const RETRY_MAX = 1000;

export interface ConnectOptions {
  /** For a connection that listens: what it subscribes to waits until it is there. */
  subscriber?: boolean;
  /** Before each key. */
  keyPrefix?: string;
}

/**
 * A connection that is made anew for ever. A command fails at once while it is down: nothing piles up unseen in the
 * library's own queue, which has no bound, and whoever sends something keeps it as long as it is worth keeping.
 */
export function connectRedis(
  target: RedisTarget,
  log: Log,
  { subscriber = false, keyPrefix = '' }: ConnectOptions = {},
): RedisConnection {
  const { kind, hosts, group, db, username, password, tls } = target;
  const retry = (attempt: number) => Math.min(50 * 2 ** Math.min(attempt, 10), RETRY_MAX);
  const credentials = {
    ...(username !== null && { username }),
    ...(password !== null && { password }),
    ...(tls && { tls: {} }),
  };
  const options: RedisOptions = {
    ...credentials,
    db,
    keyPrefix,
    connectTimeout: CONNECT_TIMEOUT,
    retryStrategy: retry,
    keepAlive: 5000,
    // Asked on a connection that listens, its answer would end the process.
    enableReadyCheck: false,
    enableOfflineQueue: subscriber,
    maxRetriesPerRequest: subscriber ? null : 0,
    autoResendUnfulfilledCommands: subscriber,
    ...(!subscriber && { commandTimeout: COMMAND_TIMEOUT, socketTimeout: SILENCE }),
    // With a name or its own to tell, the library is ready only once these were answered, or failed: a connection that is accepted and
    // closed at once (a proxy before a Redis that is away) is then closed first and `ready` after it, and never made anew.
    disableClientInfo: true,
  };
  const open = (): RedisConnection => {
    if (kind === 'cluster') {
      return new Cluster([...hosts], {
        clusterRetryStrategy: retry,
        enableReadyCheck: false,
        enableOfflineQueue: subscriber,
        ...(tls && { dnsLookup: (address, callback) => callback(null, address) }),
        redisOptions: options,
      });
    }
    if (kind === 'sentinel') {
      const { username: sentinelUsername, password: sentinelPassword, tls: sentinelTls, ...rest } = options;
      return new Redis({
        ...rest,
        ...credentials,
        sentinels: [...hosts],
        name: group ?? '',
        sentinelRetryStrategy: retry,
        ...(tls && { enableTLSForSentinelMode: true, sentinelTLS: {} }),
      });
    }
    const [{ host, port } = { host: 'localhost', port: 6379 }] = hosts;
    return new Redis({ ...options, host, port });
  };
  const redis = open();
  // Without a listener an error would end the process. Whoever uses it tells of outages.
  redis.on('error', (error: Error) => log.debug({ err: error }, 'Redis is away'));
  return redis;
}
