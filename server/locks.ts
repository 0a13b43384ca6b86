import type { Logger } from 'pino';
import type { Config } from '../config/index.ts';
import { connect } from '../db/client.ts';
import { createLocks, type LocksService, SILENCE_LIMIT_MS } from '../db/cluster/locks.ts';
import { takeUse } from '../db/cluster/one-use.ts';
import type { OnStop } from './foundation.ts';

export interface OpenLocksDeps {
  config: Pick<Config, 'databaseUrl' | 'redis'>;
  log: Logger;
  onStop: OnStop;
  /** Another node took the database while this one was cut off from it. */
  onFatal: (error: Error) => void;
}

/** What this node holds in the database while it lives; null where DATA_DIR keeps others out. Throws DatabaseInUseError. */
export async function openLocks({
  config,
  log,
  onStop,
  onFatal,
}: OpenLocksDeps): Promise<LocksService | null> {
  const { databaseUrl: url, redis } = config;
  if (url === null) return null;
  const locks = createLocks({
    connect: (onClose) => connect({ url }, log, 1, { onClose, silenceLimit: SILENCE_LIMIT_MS }),
    log,
    onFatal,
  });
  locks.onOpen((session) => takeUse(session, redis === null ? 'alone' : 'shared', log));
  onStop(locks.stop);
  await locks.start();
  return locks;
}
