import { setTimeout as sleep } from 'node:timers/promises';
import type postgres from 'postgres';
import type { Log } from '../domain/ports.ts';
import type { LastError } from '../domain/types.ts';
import type { Registry } from './registry.ts';
import type { LiveDevice } from './types.ts';

/** Heartbeats and last errors are written together this often; a crash forgets at most this much of them. */
const WRITE_EVERY_MS = 10_000;
/** Of many devices a few at a time, with pauses: a statement of thousands would hold up the readings of all. */
const AT_ONCE = 250;
const SPREAD_MS = 5000;
const MAX_PAUSE_MS = 250;
/** A heartbeat within this of the last one need not be told apart. */
const BEAT_STEP_MS = 1000;

const WRITE = `update devices d set last_heartbeat = greatest(d.last_heartbeat, v.at),
    last_error = coalesce(v.error, d.last_error)
  from unnest($1::text::int[], $2::text::timestamptz[], $3::text::text[]) as u(pk, at, e)
  cross join lateral (select u.at, u.e::jsonb as error) v
  where d.pk = u.pk`;

export interface PresenceDeps {
  sql: postgres.Sql;
  log: Log;
  now: () => number;
  offlineAfterMs: number;
  registry: Registry;
}

const quote = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;

/** Who is connected, who was heard of lately, and the coalesced write of both to the database. */
export function createPresence({ sql, log, now, offlineAfterMs, registry }: PresenceDeps) {
  const sessions = new Map<LiveDevice, object>();
  const unwritten = new Set<LiveDevice>();
  let sweeper: NodeJS.Timeout | undefined;
  let writer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | null = null;
  let stopping = false;

  const show = (device: LiveDevice, connected: boolean, online: boolean) => {
    if (device.connected === connected && device.online === online) return;
    device.connected = connected;
    device.online = online;
    registry.changed(device);
  };

  const sweep = () => {
    const limit = now() - offlineAfterMs;
    for (const device of sessions.keys()) if (device.heardAt < limit) show(device, true, false);
  };

  const writeSome = async (given: readonly LiveDevice[]) => {
    const batch = given.filter((device) => registry.byPk.get(device.pk) === device);
    if (batch.length === 0) return;
    const errors = batch.map((d) => (d.lastError === null ? 'NULL' : quote(JSON.stringify(d.lastError))));
    await sql.unsafe(WRITE, [
      `{${batch.map((d) => d.pk).join(',')}}`,
      `{${batch.map((d) => d.lastHeartbeat?.toISOString() ?? 'NULL').join(',')}}`,
      `{${errors.join(',')}}`,
    ]);
  };

  const write = async () => {
    const left = [...unwritten];
    unwritten.clear();
    const pause = Math.min(MAX_PAUSE_MS, (SPREAD_MS * AT_ONCE) / left.length);
    try {
      while (left.length > 0) {
        await writeSome(left.slice(0, AT_ONCE));
        left.splice(0, AT_ONCE);
        if (left.length > 0 && !stopping) await sleep(pause);
      }
    } catch (error) {
      for (const device of left) unwritten.add(device);
      log.warn({ err: error, devices: left.length }, 'heartbeats could not be written: trying again');
    }
  };

  const writeOnce = () => {
    writing ??= write().finally(() => {
      writing = null;
    });
    return writing;
  };

  return {
    connected(device: LiveDevice, session: object): void {
      sessions.set(device, session);
      device.heardAt = now();
      show(device, true, true);
    },
    disconnected(device: LiveDevice, session: object): void {
      if (sessions.get(device) !== session) return;
      sessions.delete(device);
      show(device, false, false);
    },
    heard(device: LiveDevice): void {
      if (!device.connected) return;
      device.heardAt = now();
      if (!device.online) show(device, true, true);
    },
    beat(device: LiveDevice): void {
      const time = now();
      if (device.lastHeartbeat !== null && Math.abs(time - device.lastHeartbeat.getTime()) < BEAT_STEP_MS)
        return;
      device.lastHeartbeat = new Date(time);
      unwritten.add(device);
    },
    setLastError(device: LiveDevice, error: LastError): void {
      device.lastError = error;
      unwritten.add(device);
    },
    start(): void {
      sweeper = setInterval(sweep, Math.min(1000, Math.max(50, offlineAfterMs / 4)));
      writer = setInterval(() => void writeOnce(), WRITE_EVERY_MS);
    },
    async stop(): Promise<void> {
      stopping = true;
      clearInterval(sweeper);
      clearInterval(writer);
      await writing;
      await writeOnce();
    },
  };
}
