import { setTimeout as sleep } from 'node:timers/promises';
import type { Audit } from '../soak/book.ts';
import { auditCommands, auditReadings, type CommandAudit, firstOf } from './audit.ts';
import type { TestCluster } from './cluster.ts';
import { type Fault, faultsOf } from './faults.ts';
import { startApp } from './load/app.ts';
import { startCommander } from './load/commander.ts';
import { type Delivered, deliveredTo } from './load/delivered.ts';
import { Device } from './load/device.ts';
import { enrolAll } from './load/enrol.ts';
import type { Address } from './load/failover-client.ts';
import { connectMortals, type Wills } from './load/mortals.ts';
import { createPhases, type Phase } from './load/phases.ts';
import { createWatcher } from './load/watcher.ts';
import { presenceAmiss, untilRecovered } from './recovery.ts';

const WATCHED = 20;
const ROOMS = 4;
/** Spread over the interval, as devices are: one tick serves a tenth of them. */
const SLICES = 10;
const BATCHES = 0.1;
const DRAIN_MS = 30_000;
const RECOVERY_LIMIT_MS = 40_000;
/** What polls may lag behind while nothing is wrong. */
const STALE_LIMIT_MS = 2000;
/** From the death of a node until the others call nobody connected who is not. */
const PRESENCE_LIMIT_MS = 10_000;

export interface LoadOptions {
  devices: number;
  /** Readings a second of each. */
  rate: number;
  /** How long each fault lasts. */
  holdMs: number;
  calmMs: number;
  /** Only faults whose name contains one of these; none: all. */
  only: readonly string[];
  /** On a machine that has much else to do limits are so many times as long. */
  slack: number;
  say: (text: string) => void;
}

export interface LoadResult {
  phases: readonly Phase[];
  readings: Audit;
  commands: CommandAudit;
  wills: Wills;
  delivered: Delivered;
  clients: Record<string, number>;
  /** What PostgreSQL logged of transactions that got in each other's way. */
  database: Record<string, number>;
  /** What must not be. */
  faults: string[];
}

const none: Wills = { due: 0, once: 0, twice: 0, missing: 0, wrong: 0 };

/** Devices, an app, a person and commands, while one thing after another fails. The cluster is left running. */
export async function runUnderLoad(cluster: TestCluster, options: LoadOptions): Promise<LoadResult> {
  const { devices: wanted, rate, holdMs, calmMs, only, slack, say } = options;
  const { token } = cluster.node(0).rest;
  const faults: string[] = [];
  const fault = (text: string) => {
    faults.push(text);
    say(`FAULT: ${text}`);
  };
  const addresses = (): Address[] =>
    cluster.nodes.map(({ server }) => ({ host: server.host, port: server.ports.mqtt }));

  const enrolled = await enrolAll(
    cluster,
    Array.from({ length: wanted }, (_, i) => `device-${i}`),
  );
  const roomIds = await furnish(
    cluster,
    enrolled.map(({ id }) => id),
  );
  const phases = createPhases('calm');
  const devices = new Map(
    enrolled.map(({ id, secret }, i) => {
      const { acknowledged: onAcknowledged, current: phase } = phases;
      const more = { clean: i % 3 === 0, first: i, addresses, onAcknowledged, phase };
      return [id, new Device({ id, secret, ...more })];
    }),
  );
  const all = [...devices.values()];
  const watcher = createWatcher({
    token,
    deviceIds: enrolled.slice(0, WATCHED).map(({ id }) => id),
    addresses,
  });
  await Promise.all([watcher.client.start(), ...all.map(({ client }) => client.start())]);
  say(`${all.length} devices are connected`);

  let turn = 0;
  const ticker = setInterval(
    () => {
      for (let i = turn % SLICES; i < all.length; i += SLICES) all[i]?.report(Math.random() < BATCHES);
      turn++;
    },
    1000 / rate / SLICES,
  );
  const stopApp = startApp({ cluster, token, roomIds, devices, phases });
  const stopCommander = startCommander({ cluster, token, devices: enrolled, everyMs: 200, phases });
  const recover = () =>
    untilRecovered({ cluster, token, devices, enrolled, limitMs: RECOVERY_LIMIT_MS * slack });

  const wills = { ...none };
  const strike = async ({ name, dies, atLeastMs, strike: begin, mend }: Fault) => {
    const phase = phases.next(name);
    say(`── ${name}`);
    const mortals = dies === null ? null : await connectMortals({ token, addresses, node: dies, watcher });
    await begin();
    const told = mortals?.wills();
    await Promise.all([dies === null ? null : untilPresent(dies), sleep(Math.max(holdMs, atLeastMs))]);
    await mend();
    const { took, last } = await recover();
    phase.recovered = took;
    if (took === null) fault(`${name}: it never was as before: ${last}`);
    const result = (await told) ?? none;
    for (const key of Object.keys(wills) as (keyof Wills)[]) wills[key] += result[key];
    if (result.once !== result.due || result.wrong > 0) fault(`${name}: wills ${JSON.stringify(result)}`);
    if (took !== null)
      say(`   as before after ${(took / 1000).toFixed(1)} s; last amiss: ${last ?? 'nothing'}`);
    phases.next('calm');
    await sleep(calmMs);
  };

  /** After the death of a node, at the others: online is who has gone elsewhere, and nobody else. */
  const untilPresent = async (dead: number) => {
    const began = performance.now();
    for (;;) {
      const reason = await presenceAmiss(cluster, token, all, dead);
      if (reason === null) return;
      if (performance.now() - began > PRESENCE_LIMIT_MS * slack)
        return fault(`${PRESENCE_LIMIT_MS * slack} ms after the death ${reason}`);
      await sleep(200);
    }
  };

  const before = await recover();
  if (before.took === null) fault(`before any fault ${before.last}`);
  await sleep(calmMs);
  for (const each of faultsOf(cluster))
    if (only.length === 0 || only.some((word) => each.name.includes(word))) await strike(each);

  clearInterval(ticker);
  await stopApp();
  const asked = await stopCommander();
  const deadline = performance.now() + DRAIN_MS * slack;
  const waiting = () => all.reduce((sum, { client }) => sum + client.unacknowledged, 0);
  while (waiting() > 0 && performance.now() < deadline) await sleep(50);
  if (waiting() > 0) fault(`${waiting()} messages were not acknowledged in the end`);

  say('comparing what was acknowledged with PostgreSQL');
  const readings = await auditReadings(cluster, all);
  for (const text of firstOf(readings.faults)) fault(`readings of ${text}`);
  const commands = await auditCommands(cluster, { token, devices, asked });
  for (const text of firstOf(commands.untrue)) fault(`command ${text}`);
  if (commands.twice > 0) fault(`${commands.twice} commands came twice`);
  for (const phase of phases.all()) {
    if (phase.name !== 'calm') continue;
    if (phase.longestStale > STALE_LIMIT_MS * slack)
      fault(`while nothing was wrong a poll was ${Math.round(phase.longestStale)} ms behind`);
    for (const what of Object.keys({ ...phase.polls, ...phase.commands }))
      if (/^(5|no )/.test(what)) fault(`while nothing was wrong a request was answered with ${what}`);
  }
  const told = all.flatMap(({ errors }) => errors);
  if (told.length > 0) fault(`${told.length} messages were refused, such as ${told[0]}`);
  const delivered = deliveredTo(watcher, devices);
  const { calm: missing = 0 } = delivered.missingBy;
  if (missing > 0) fault(`${missing} messages were not delivered, sent while nothing was wrong`);
  const sum = (of: (device: Device) => number) => all.reduce((total, device) => total + of(device), 0);
  const clients = {
    connections: sum(({ client }) => client.counts.connections),
    'given up after 5 s': sum(({ client }) => client.counts.silent),
    'refused (CONNACK)': sum(({ client }) => client.counts.refused),
    'messages sent again': sum(({ client }) => client.counts.redelivered),
    'messages held back': sum(({ withheld }) => withheld),
  };
  const logged = cluster.postgres.readLog();
  const times = (what: RegExp) => logged.match(what)?.length ?? 0;
  const database = {
    deadlocks: times(/ERROR: {2}deadlock detected/g),
    'waits of more than a second': times(/still waiting for/g),
    'statements out of time': times(/due to statement timeout/g),
  };
  for (const { client } of all) client.stop();
  watcher.client.stop();
  return { phases: phases.all(), readings, commands, wills, delivered, clients, database, faults };
}

/** Rooms with all of the devices in them. */
async function furnish(cluster: TestCluster, ids: readonly string[]): Promise<number[]> {
  const roomIds: number[] = [];
  for (let i = 0; i < ROOMS; i++) {
    const { rest } = cluster.node(i % cluster.nodes.length);
    const { id } = await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name: `Room ${i}` });
    roomIds.push(id);
  }
  for (const [i, id] of ids.entries()) {
    const { rest } = cluster.node(i % cluster.nodes.length);
    await rest.expect(200, 'POST', `/api/devices/${id}/pair`, { room_id: roomIds[i % ROOMS] });
  }
  return roomIds;
}
