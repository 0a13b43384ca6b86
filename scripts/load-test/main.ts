import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { enrolled } from '../../test/helpers/devices.ts';
import { type Postgres, startPostgres } from '../../test/helpers/postgres.ts';
import { Rest } from '../../test/helpers/rest.ts';
import { Server } from '../../test/helpers/server.ts';
import { registerCrowd } from './crowd.ts';
import { LoadDevice } from './device.ts';
import { openLedger, readLedger } from './ledger.ts';
import { type Options, readOptions, USAGE, UsageError } from './options.ts';
import { startProbe } from './probe.ts';
import { startProxy } from './proxy.ts';
import { Quantiles } from './quantiles.ts';
import { residentMiB } from './resident.ts';
import { describe, verify } from './verify.ts';

const EXIT_USAGE = 64;
/** How long the devices may take to get everything acknowledged after the load. */
const DRAIN_MS = 60_000;
/** Answers of the server to one device between two cuts: so many at least, and up to as many more. */
const CUT_AFTER = 15;
/** Messages of each device at the moment of a kill, and the time within which it comes. */
const BURST = 50;
const BURST_MS = 60;
const LOAD_CAPABILITY = [{ capability_type: 'load', control_type: 'sensor' }];

const say = (text: string) => console.log(`${new Date().toISOString().slice(11, 19)} ${text}`);

/** PostgreSQL is stopped under load: nothing acknowledged may be lost, REST says 503, memory stays bounded. */
async function outage(
  postgres: Postgres,
  server: Server,
  rest: Rest,
  milliseconds: number,
): Promise<string[]> {
  const faults: string[] = [];
  say(`stopping PostgreSQL for ${milliseconds / 1000} s; the server has ${residentMiB(server.pid)} MiB`);
  await postgres.stop('fast');
  const end = Date.now() + milliseconds;
  let peak = 0;
  while (Date.now() < end) {
    await sleep(500);
    peak = Math.max(peak, residentMiB(server.pid) ?? 0);
    const { status } = await rest.get('/api/events');
    if (status !== 503) faults.push(`REST answered ${status} without a database`);
  }
  await postgres.start();
  say(
    `PostgreSQL is back; the server had ${peak} MiB at most, every call that needs the database answered 503`,
  );
  return faults;
}

async function run(options: Options): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'pm-iot-load-'));
  const postgres = options.database === 'local' ? await startPostgres() : null;
  const databaseUrl = postgres?.url ?? (options.database === 'embedded' ? null : options.database);
  const server = new Server({ databaseUrl, env: { LOG_LEVEL: 'error' } });
  try {
    return await measure(options, server, postgres, join(folder, 'ledger'));
  } finally {
    await server.dispose();
    await postgres?.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(
  options: Options,
  server: Server,
  postgres: Postgres | null,
  path: string,
): Promise<boolean> {
  const { devices: count, rate, kills, loadMs } = options;
  const faults: string[] = [];
  await server.start();
  const rest = await new Rest(server).logIn();
  say(
    `${cpus().length} processors, Node ${process.versions.node}, ${options.database.replace(/:.*/, '')} database`,
  );

  if (options.crowd > 0) {
    const { milliseconds, failed, listed } = await registerCrowd(server, rest, options.crowd);
    say(
      `${options.crowd} devices registered at once over TLS in ${(milliseconds / 1000).toFixed(1)} s, ${failed} failed, ${listed} listed`,
    );
    if (failed > 0 || listed !== options.crowd) faults.push('not all devices of the crowd registered');
  }

  const ledger = await openLedger(path);
  const proxy = await startProxy({
    upstream: () => server.ports.mqtt,
    cutEvery: () => (options.probe ? Number.POSITIVE_INFINITY : CUT_AFTER * (1 + Math.random())),
  });
  const acknowledged = new Quantiles();
  const devices: LoadDevice[] = [];
  for (let i = 0; i < count; i++) {
    const id = `load-${i}`;
    const { wire, secret } = await enrolled(server, rest, id, LOAD_CAPABILITY);
    await wire.disconnect();
    const onAcknowledged = (ms: number) => acknowledged.add(ms);
    devices.push(new LoadDevice({ id, secret, port: () => proxy.port, ledger, onAcknowledged }));
  }
  for (const device of devices) device.start();
  const stopProbe = options.probe ? await startProbe(server, rest) : null;

  let turn = 0;
  // Spread over the interval, as devices are: one tick serves a tenth of them.
  const SLICES = 10;
  const ticker = setInterval(
    () => {
      for (let i = turn % SLICES; i < devices.length; i += SLICES) devices[i]?.publish();
      turn++;
    },
    1000 / rate / SLICES,
  );

  say(`${count} devices × ${rate} messages a second`);
  for (let kill = 1; kill <= kills; kill++) {
    await sleep(loadMs * (0.5 + Math.random() / 2));
    say(`kill -9 (${kill} of ${kills})`);
    // In the middle of a burst: an acknowledgement that came too early would be of one of these.
    for (let i = 0; i < BURST; i++) for (const device of devices) device.publish();
    await sleep(BURST_MS * Math.random());
    await server.stop('SIGKILL');
    for (const device of devices) device.noteKill();
    await server.start();
    say(`ready again after ${Math.round(server.startedIn)} ms`);
  }
  if (postgres !== null && options.outageMs > 0)
    faults.push(...(await outage(postgres, server, rest, options.outageMs)));
  await sleep(loadMs);
  clearInterval(ticker);

  const deadline = Date.now() + DRAIN_MS;
  const waiting = () => devices.reduce((sum, device) => sum + device.unacknowledged, 0);
  while (waiting() > 0 && Date.now() < deadline) await sleep(100);
  if (waiting() > 0) faults.push(`${waiting()} messages were not acknowledged within ${DRAIN_MS / 1000} s`);
  const probe = await stopProbe?.();
  say(`the server has ${residentMiB(server.pid)} MiB`);
  for (const device of devices) device.stop();
  await proxy.stop();
  await ledger.close();

  const sum = (of: (device: LoadDevice) => number) =>
    devices.reduce((total, device) => total + of(device), 0);
  const verdict = await verify(
    rest,
    devices.map(({ id }) => id),
    await readLedger(path),
  );
  console.log(`\n${describe(verdict)}`);
  console.log(
    `connections              ${sum((d) => d.connections)}, ${proxy.cuts()} cut with an acknowledgement on its way`,
  );
  console.log(`messages sent again      ${sum((d) => d.redelivered)}`);
  console.log(`publish → PUBACK         ${acknowledged}`);
  if (probe !== undefined) {
    console.log(`publish → visible        ${probe.visible}`);
    console.log(`command round trip       ${probe.command}`);
    console.log(`unchanged poll (304)     ${probe.poll}`);
  }
  if (verdict.lost.length > 0) faults.push('acknowledged readings were lost');
  if (verdict.repeated.length > 0) faults.push('readings were stored twice');
  if (verdict.foreign.length > 0) faults.push('there are readings that nobody sent');
  for (const fault of faults) console.error(`FAULT: ${fault}`);
  console.log(faults.length === 0 ? '\nevery acknowledged reading is there, exactly once' : '');
  return faults.length === 0;
}

try {
  const [mode, ...args] = process.argv.slice(2);
  process.exitCode = (await run(readOptions(mode, args))) ? 0 : 1;
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${USAGE}`);
  process.exitCode = EXIT_USAGE;
}
