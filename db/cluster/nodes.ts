import type postgres from 'postgres';
import type { Nodes } from '../domain/cluster.ts';
import type { Log } from '../domain/ports.ts';
import type { NodeReport, NodeState } from '../domain/system.ts';

/** How often a node renews its lease and looks at those of the others. */
const RENEW_MS = 2000;
/** Silence after which a node counts as dead. Told by the database's clock alone, so that no other one matters. */
const DEAD_AFTER_S = 7;
/** Rows of dead nodes are kept a little, for whoever wonders. */
const FORGET_AFTER = '1 hour';

/**
 * What nodes of one cluster must have in common: by the name of the variable or file, something that tells two apart. Several,
 * with spaces between them, while one is being changed: then one of them must be the same.
 */
export type Identity = Record<string, string>;

/** This node cannot belong to the cluster; the message says what differs, and from which node. */
export class ClusterMismatchError extends Error {}

export interface NodesDeps {
  sql: postgres.Sql;
  name: string;
  /** Now: what is changed on all nodes does not keep the next one out. */
  identity: () => Identity;
  /** Of this node, now. */
  report: () => NodeReport;
  now: () => number;
  log: Log;
}

export interface NodesService extends Nodes {
  /** Throws ClusterMismatchError. */
  join(): Promise<void>;
  /** Now: another node tells that it is there. */
  look(): Promise<void>;
  /** Gives the lease up, so that nobody waits for its end. */
  leave(): Promise<void>;
}

interface Row {
  id: string;
  name: string;
  /** Of an older version it may lack something. */
  report: Partial<Omit<NodeReport, 'startedAt'>> & { startedAt?: string };
  identity: Identity;
  alive: boolean;
  /** Milliseconds. */
  heard: number;
}

const RECENT = `select id, name, report, identity, heard_at > now() - interval '${DEAD_AFTER_S} seconds' as alive,
    date_part('epoch', heard_at) * 1000 as heard
  from nodes where heard_at > now() - interval '${FORGET_AFTER}' order by started_at, id`;
const RENEW = `insert into nodes (id, name, identity, report) values ($1, $2, $3::text::jsonb, $4::text::jsonb)
  on conflict (id) do update set heard_at = now(), identity = excluded.identity, report = excluded.report`;

const LEAVE = `delete from nodes
  where id = $1 or (name = $2 and heard_at < now() - interval '${DEAD_AFTER_S} seconds')`;

/** Less is no matter, or the way to the database and back. */
const CLOCK_OFF_S = 2;
const CLOCK = 'select (extract(epoch from clock_timestamp()) * 1000)::float8 as at';

const NOTHING: Omit<NodeReport, 'id' | 'name' | 'startedAt'> = {
  version: '',
  nodeVersion: '',
  leader: false,
  draining: false,
  redis: null,
  memoryBytes: 0,
  eventLoopLag: 0,
  connections: 0,
  devicesConnected: 0,
  devicesTotal: 0,
};

/** A node as it told of itself the last time. `current`: has the database been asked of late? */
function stateOf({ id, name, report, alive, heard }: Row, current: boolean): NodeState {
  const told = { ...NOTHING, ...report, id, name, startedAt: new Date(report.startedAt ?? heard) };
  const living = told.draining ? 'draining' : 'ok';
  const status = !alive ? 'down' : current ? living : 'unknown';
  const gone = alive ? {} : { leader: false, connections: 0, devicesConnected: 0 };
  return { ...told, ...gone, status, heardAt: new Date(heard) };
}

/** Of this node. */
export function ownState(report: NodeReport, now: number): NodeState {
  return { ...report, status: report.draining ? 'draining' : 'ok', heardAt: new Date(now) };
}

/** See `Nodes`. Its lease is renewed all the time while the process lives. */
export function createNodes({ sql, name, identity, report, now, log }: NodesDeps): NodesService {
  const { id } = report();
  const listeners: ((id: string) => void)[] = [];
  const lapsed: (() => void)[] = [];
  let renewedAt = performance.now();
  let living = new Map<string, Row>();
  let dead: Row[] = [];
  let lookedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | null = null;

  const readRows = async () => {
    const rows = (await sql.unsafe<Row[]>(RECENT)).filter((row) => row.id !== id);
    const names = new Set([name, ...rows.filter(({ alive }) => alive).map((row) => row.name)]);
    // One that was started again is there under its name.
    dead = rows.filter((row) => !row.alive && !names.has(row.name));
    lookedAt = performance.now();
    return new Map(rows.filter(({ alive }) => alive).map((row) => [row.id, row]));
  };

  const renew = async () => {
    await sql.unsafe(RENEW, [id, name, JSON.stringify(identity()), JSON.stringify(report())], {
      prepare: true,
    });
    const late = performance.now() - renewedAt > DEAD_AFTER_S * 1000;
    renewedAt = performance.now();
    if (late) for (const listener of lapsed) listener();
  };

  const look = async () => {
    const before = living;
    living = await readRows();
    for (const [gone, row] of before) {
      if (living.has(gone)) continue;
      log.warn({ node: row.name, node_id: gone }, 'a node has ended, or was not heard of for 7 s');
      for (const listener of listeners) listener(gone);
    }
    for (const [come, row] of living) {
      if (!before.has(come)) log.info({ node: row.name, node_id: come }, 'another node is there');
    }
  };

  const turn = async () => {
    try {
      await renew();
      await look();
    } catch (error) {
      log.debug({ err: error }, 'the lease of this node could not be renewed: trying again');
    }
  };

  const turnOnce = (): Promise<void> => {
    running ??= turn().finally(() => {
      running = null;
    });
    return running;
  };

  /** Readings without a timestamp and retained messages go by the clocks of the nodes. */
  const tellClock = async () => {
    const asked = now();
    const [row] = await sql.unsafe<{ at: number }[]>(CLOCK);
    const seconds = Math.round(((asked + now()) / 2 - (row?.at ?? asked)) / 1000);
    if (Math.abs(seconds) < CLOCK_OFF_S) return;
    const which = seconds > 0 ? 'ahead of' : 'behind';
    log.warn({ seconds }, `the clock of this machine is ${which} that of the database: set both by NTP`);
  };

  const refuseStranger = (rows: Iterable<Row>) => {
    for (const other of rows) {
      const differs = Object.entries(identity()).find(([key, ours]) => {
        const theirs = other.identity[key]?.split(' ') ?? [];
        return !ours.split(' ').some((mark) => theirs.includes(mark));
      })?.[0];
      if (differs === undefined) continue;
      throw new ClusterMismatchError(
        `${differs} is another one than that of node ${other.name}: nodes of one cluster must have the same`,
      );
    }
  };

  return {
    id,
    others: () => new Set(living.keys()),
    onGone: (listener) => void listeners.push(listener),
    onLapse: (listener) => void lapsed.push(listener),
    states: () => {
      const current = performance.now() - lookedAt < DEAD_AFTER_S * 1000;
      const others = [...living.values(), ...dead].map((row) => stateOf(row, current));
      return [ownState(report(), now()), ...others];
    },
    join: async () => {
      living = await readRows();
      refuseStranger(living.values());
      await tellClock();
      await sql.unsafe(`delete from nodes where heard_at < now() - interval '${FORGET_AFTER}'`);
      await renew();
      timer = setInterval(() => void turnOnce(), RENEW_MS);
    },
    // One that is under way may have read before it was there.
    look: async () => {
      await running;
      await turnOnce();
    },
    leave: async () => {
      clearInterval(timer);
      await running;
      // Those that died under its name too: nobody need wonder about them any more.
      await sql.unsafe(LEAVE, [id, name]).catch((error: unknown) => {
        log.debug({ err: error }, 'the lease of this node could not be given up');
      });
    },
  };
}
