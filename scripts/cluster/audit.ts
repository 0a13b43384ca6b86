import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandBody } from '../../test/helpers/rest.ts';
import type { Audit } from '../soak/book.ts';
import type { TestCluster } from './cluster.ts';
import { call } from './load/calls.ts';
import type { Asked } from './load/commander.ts';
import type { Device } from './load/device.ts';
import { count } from './load/phases.ts';

/** As the nodes are told. */
export const COMMAND_TIMEOUT_MS = 6000;
export const COMMAND_EXPIRY_MS = 12_000;
/** Of the nodes under load: commands end before the run does. */
export const LOAD_ENV = {
  COMMAND_TIMEOUT: `${COMMAND_TIMEOUT_MS}ms`,
  COMMAND_EXPIRY: `${COMMAND_EXPIRY_MS}ms`,
  DEFAULT_WIDGET_STATUS: 'include',
};
const ENDED_BY_MS = COMMAND_TIMEOUT_MS + COMMAND_EXPIRY_MS + 4000;
const SHOWN = 8;
const LANES = 8;

/** What is in PostgreSQL against what each device sent and was acknowledged, row by row. */
export async function auditReadings(
  { sql }: TestCluster,
  devices: readonly Device[],
): Promise<Audit & { faults: string[] }> {
  const all: Audit = { sent: 0, acknowledged: 0, stored: 0, lost: 0, repeated: 0, foreign: 0 };
  const faults: string[] = [];
  for (const { id, book } of devices) {
    const rows = await sql<{ at: number; seq: number; num: number }[]>`
      select (extract(epoch from r.at) * 1000)::float8 as at, r.seq::float8 as seq, r.num
      from readings r join widgets w on w.id = r.widget_id join capabilities c on c.id = w.capability_id
      join devices d on d.pk = w.device_pk where d.device_id = ${id} and c.capability_type = 'load'`;
    const one = book.audit(rows.map(({ at, seq, num }) => [at, seq, num]));
    for (const key of Object.keys(all) as (keyof Audit)[]) all[key] += one[key];
    if (one.lost + one.repeated + one.foreign > 0) faults.push(`${id}: ${JSON.stringify(one)}`);
  }
  return { ...all, faults };
}

interface Row {
  id: number;
  correlation_id: string;
  device_id: string;
  status: string;
  created_at: number;
}

export interface CommandAudit {
  /** In the database. */
  made: number;
  ended: Record<string, number>;
  /** How many reached a device more than once. */
  twice: number;
  untrue: string[];
}

/** Why the state of a command is not what its device did; null when it is. */
function untruth({ correlation_id, status, created_at }: Row, device: Device | undefined): string | null {
  const did = device?.commands.get(correlation_id);
  if (status === 'executed') return did?.answer === 'success' ? null : 'the device never said so';
  if (status === 'rejected') return did?.answer === 'error' ? null : 'the device never said so';
  if (status === 'expired') return did === undefined ? null : `the device had it, answer ${did.answer}`;
  if (status !== 'timed_out') return 'it has not ended';
  // It is counted from the sending, which came after the making.
  const inTime = created_at + COMMAND_TIMEOUT_MS;
  const acknowledgedAt = did?.acknowledgedAt ?? Number.POSITIVE_INFINITY;
  return acknowledgedAt < inTime ? 'its answer was acknowledged in time' : null;
}

const readCommands = ({ sql }: TestCluster) => sql<Row[]>`
  select c.id::float8 as id, c.correlation_id, d.device_id, c.status,
    (extract(epoch from c.created_at) * 1000)::float8 as created_at
  from commands c join devices d on d.pk = c.device_pk order by c.id`;

/** Waits until every command has ended, and holds its end against what its device did and what every node says. */
export async function auditCommands(
  cluster: TestCluster,
  { token, devices, asked }: { token: string; devices: ReadonlyMap<string, Device>; asked: readonly Asked[] },
): Promise<CommandAudit> {
  const deadline = performance.now() + ENDED_BY_MS;
  let rows = await readCommands(cluster);
  const isOpen = ({ status }: Row) => status === 'queued' || status === 'sent';
  while (rows.some(isOpen) && performance.now() < deadline) {
    await sleep(250);
    rows = await readCommands(cluster);
  }
  const ended: Record<string, number> = {};
  const untrue: string[] = [];
  const byId = new Map(rows.map((row) => [row.id, row]));
  for (const row of rows) {
    count(ended, row.status);
    const reason = untruth(row, devices.get(row.device_id));
    if (reason !== null) untrue.push(`${row.id} of ${row.device_id} is ${row.status}: ${reason}`);
  }
  for (const { command, node, deviceId } of asked) {
    if (command === null) continue;
    const row = byId.get(command.id);
    if (row === undefined) untrue.push(`${node} told of ${command.id} of ${deviceId}, which is not there`);
    else if (!isOpen(command as unknown as Row) && row.status !== command.status)
      untrue.push(`${node} told ${command.status} of ${command.id}, which is ${row.status}`);
  }
  untrue.push(...(await disagreements(cluster, token, rows)));
  const twice = [...devices.values()].reduce(
    (sum, device) => sum + [...device.commands.values()].filter(({ times }) => times > 1).length,
    0,
  );
  return { made: rows.length, ended, twice, untrue };
}

/** Each node is asked for its share of the commands. */
async function disagreements(cluster: TestCluster, token: string, rows: readonly Row[]): Promise<string[]> {
  const found: string[] = [];
  const waiting = [...rows];
  const lane = async () => {
    for (let row = waiting.pop(); row !== undefined; row = waiting.pop()) {
      const node = cluster.node(row.id % cluster.nodes.length);
      const { outcome, body } = await call(node, token, 'GET', `/api/commands/${row.id}`);
      const told = (body as { command?: CommandBody } | null)?.command?.status ?? outcome;
      if (told !== row.status) found.push(`${node.name} says ${told} of ${row.id}, which is ${row.status}`);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return found;
}

export const firstOf = (texts: readonly string[]) =>
  texts.length <= SHOWN ? texts : [...texts.slice(0, SHOWN), `… and ${texts.length - SHOWN} more`];
