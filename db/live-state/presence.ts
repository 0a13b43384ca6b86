import { setTimeout as sleep } from 'node:timers/promises';
import type postgres from 'postgres';
import type { Fences } from '../domain/fence.ts';
import type { Log } from '../domain/ports.ts';
import type { LastError } from '../domain/types.ts';
import { ProbeFault } from '../health/fault.ts';
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
  /** Milliseconds that no clock adjustment moves: a clock that is set makes nobody silent, and nobody present. */
  monotonic: () => number;
  offlineAfterMs: number;
  registry: Registry;
  fences: Fences;
}

/** Of a device that is connected to a node. Silent: nothing came from it within OFFLINE_AFTER. */
export type Attendance = 'gone' | 'silent' | 'online';

interface Here {
  session: object;
  fence: number;
}

interface Elsewhere {
  node: string;
  fence: number;
  online: boolean;
}

/** Turns of the sweep that may be late together before it counts as stuck; and a busy machine is late by itself. */
const LATE_SWEEPS = 5;
const LATE_MS = 5000;

const quote = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;

/** Who is connected, who was heard of lately, and the coalesced write of both to the database. */
export function createPresence(deps: PresenceDeps) {
  const { sql, log, now, monotonic, offlineAfterMs, registry, fences } = deps;
  const sessions = new Map<LiveDevice, Here>();
  /** By pk: a node may tell of a device before it is known here. */
  const elsewhere = new Map<number, Elsewhere>();
  let tell: (pk: number, fence: number, attendance: Attendance) => void = () => {};
  const unwritten = new Set<LiveDevice>();
  let sweeper: NodeJS.Timeout | undefined;
  let writer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | null = null;
  let stopping = false;

  /** As it is here and elsewhere together. */
  const refresh = (device: LiveDevice) => {
    const far = elsewhere.get(device.pk);
    const connected = sessions.has(device) || far !== undefined;
    const online =
      (sessions.has(device) && device.heardAt >= monotonic() - offlineAfterMs) || far?.online === true;
    if (device.connected === connected && device.online === online) return;
    device.connected = connected;
    device.online = online;
    registry.changed(device);
  };

  const sweepEveryMs = Math.min(1000, Math.max(50, offlineAfterMs / 4));
  let sweptAt = Number.NEGATIVE_INFINITY;

  const sweep = () => {
    sweptAt = monotonic();
    const limit = monotonic() - offlineAfterMs;
    for (const [device, { fence }] of sessions) {
      if (!device.online || device.heardAt >= limit) continue;
      refresh(device);
      tell(device.pk, fence, 'silent');
    }
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

  /** Throws when silent devices are not looked for any more. */
  const checkSweep = () => {
    if (monotonic() - sweptAt > LATE_SWEEPS * sweepEveryMs + LATE_MS)
      throw new ProbeFault('stalled', 'silent devices are not looked for any more');
  };

  return {
    checkSweep,
    /** The statement that writes heartbeats, of no device. Throws when they could not be written or noticed. */
    async probe(): Promise<void> {
      checkSweep();
      await sql.unsafe(WRITE, ['{}', '{}', '{}']);
    },
    connected(device: LiveDevice, session: object): void {
      const fence = fences.next();
      sessions.set(device, { session, fence });
      device.heardAt = monotonic();
      refresh(device);
      tell(device.pk, fence, 'online');
    },
    disconnected(device: LiveDevice, session: object): void {
      const here = sessions.get(device);
      if (here?.session !== session) return;
      sessions.delete(device);
      refresh(device);
      tell(device.pk, here.fence, 'gone');
    },
    heard(device: LiveDevice): void {
      device.heardAt = monotonic();
      if (device.online) return;
      const here = sessions.get(device);
      if (here === undefined) return;
      refresh(device);
      tell(device.pk, here.fence, 'online');
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
    refresh,

    /** Who is to be told of devices that come and go here. */
    onChange(listener: typeof tell): void {
      tell = listener;
    },
    isHere: (device: LiveDevice): boolean => sessions.has(device),
    countHere: (): number => sessions.size,
    /** The node that has it, as far as that is known; null: none but this one. */
    nodeOf: (pk: number): string | null => elsewhere.get(pk)?.node ?? null,
    *here(): Generator<[pk: number, fence: number, attendance: Attendance]> {
      for (const [device, { fence }] of sessions) {
        yield [device.pk, fence, device.heardAt >= monotonic() - offlineAfterMs ? 'online' : 'silent'];
      }
    },
    /** Another node has told. true: it has the device since a later time than this node, whose session is to end. */
    heardElsewhere(node: string, pk: number, fence: number, attendance: Attendance): boolean {
      const device = registry.byPk.get(pk);
      const here = device === undefined ? undefined : sessions.get(device);
      const isLater = fences.isLater(fence, node, here?.fence ?? Number.POSITIVE_INFINITY);
      const known = elsewhere.get(pk);
      const isOlder =
        known !== undefined && (known.fence > fence || (known.fence === fence && known.node > node));
      if (isOlder) return false;
      if (attendance === 'gone') {
        if (known?.node === node) elsewhere.delete(pk);
      } else elsewhere.set(pk, { node, fence, online: attendance === 'online' });
      if (device === undefined) return false;
      refresh(device);
      return attendance !== 'gone' && isLater;
    },
    /** What a node told counts no more, but for what `keep` says. */
    forgetNode(gone: string, keep: (pk: number) => boolean = () => false): void {
      for (const [pk, { node }] of [...elsewhere]) {
        if (node !== gone || keep(pk)) continue;
        elsewhere.delete(pk);
        const device = registry.byPk.get(pk);
        if (device !== undefined) refresh(device);
      }
    },

    start(): void {
      sweptAt = monotonic();
      sweeper = setInterval(sweep, sweepEveryMs);
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

export type Presence = ReturnType<typeof createPresence>;
