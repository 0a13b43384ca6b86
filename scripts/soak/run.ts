import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomOf } from '../../test/helpers/random.ts';
import { Rest } from '../../test/helpers/rest.ts';
import type { Server } from '../../test/helpers/server.ts';
import { storedOf } from '../load-test/verify.ts';
import type { Audit } from './book.ts';
import { type Asked, auditCommands, type CommandAudit } from './commands.ts';
import type { SoakDevice } from './device.ts';
import { furnish } from './furnish.ts';
import { watchTurns } from './held-up.ts';
import type { House } from './house.ts';
import { startReports } from './load.ts';
import type { Options } from './options.ts';
import { moveIn } from './people.ts';
import { createSampler, type Sample } from './sampler.ts';
import { type Judged, judge, SERIES } from './slopes.ts';
import { createTally, type Fault } from './tally.ts';
import { receiveVisitors } from './visitors.ts';

const DRAIN_MS = 30_000;
const OBSERVED_SHARE = 0.1;
const PROGRESS_MS = 60_000;

export interface SoakResult {
  samples: Sample[];
  series: Judged[];
  counts: Record<string, number>;
  readings: Audit;
  commands: CommandAudit;
  faults: Fault[];
}

type Say = (text: string) => void;

/** The load, for as long as it was asked for; the server runs, and is left running. */
export async function soak(options: Options, server: Server, say: Say): Promise<SoakResult> {
  const turns = watchTurns();
  const tally = createTally(turns.heldUp);
  const ending = new AbortController();
  // Whoever sleeps hears of the end.
  setMaxListeners(0, ending.signal);
  const rest = await new Rest(server).logIn();
  const random = randomOf(options.seed);
  const house: House = { server, rest, random, tally, signal: ending.signal };
  const furnished = await furnish(house, options.devices);
  const { devices } = furnished;
  await Promise.all(devices.map((device) => device.connect()));
  say(`${devices.length} devices are connected`);

  const asked: Asked[] = [];
  const { stopReports, stopHeartbeats } = startReports(house, devices, options);
  const observed = devices.slice(0, Math.ceil(devices.length * OBSERVED_SHARE)).map(({ id }) => id);
  const life = Promise.all([moveIn(house, furnished, asked), receiveVisitors(house, observed)]).catch(
    (error: unknown) => tally.fault('people or visitors could not begin', error),
  );
  const samples: Sample[] = [];
  let told = performance.now();
  const watching = createSampler(house)
    .watch(options.sampleMs, (sample) => {
      samples.push(sample);
      if (performance.now() - told < PROGRESS_MS) return;
      told += PROGRESS_MS;
      say(progress(sample, tally.faults()));
    })
    // Without a server there is nothing to wait for.
    .finally(() => ending.abort());
  await sleep(options.minutes * 60_000, undefined, { signal: ending.signal }).catch(() => {});
  ending.abort();
  await Promise.all([watching, life]);
  await stopReports();

  const series = SERIES.map((spec) => judge(samples, spec));
  for (const { name, verdict } of series.filter(({ fault }) => fault))
    tally.fault(`${name} ${verdict}`, 'see there');
  const nothing = { sent: 0, acknowledged: 0, stored: 0, lost: 0, repeated: 0, foreign: 0 };
  const result = {
    samples,
    series,
    readings: nothing,
    commands: { asked: asked.length, states: {}, untrue: [] },
  };
  if (!server.alive) {
    stopHeartbeats();
    turns.stop();
    tally.fault('the server ended, and its books cannot be compared', server.errors);
    return { ...result, counts: tally.counts(), faults: tally.faults() };
  }
  say('the load has ended; comparing the books');
  await drain(house, devices);
  const readings = await auditReadings(house, devices);
  say('the readings are compared; waiting for the last commands');
  const commands = await auditCommands(rest, asked);
  for (const text of commands.untrue) tally.fault('a command is left in an untrue state', text);
  stopHeartbeats();
  for (const device of devices) await device.stop();
  turns.stop();
  for (const line of server.lines.filter(({ level }) => level === 'error' || level === 'fatal'))
    tally.fault('the server logged an error', JSON.stringify(line));
  return { ...result, readings, commands, counts: tally.counts(), faults: tally.faults() };
}

async function drain({ tally }: House, devices: readonly SoakDevice[]): Promise<void> {
  const waiting = () => devices.reduce((sum, device) => sum + device.unacknowledged, 0);
  const deadline = Date.now() + DRAIN_MS;
  while (waiting() > 0 && Date.now() < deadline) await sleep(50);
  if (waiting() > 0) tally.fault('messages were not acknowledged in the end', `${waiting()} of them`);
}

async function auditReadings({ rest, tally }: House, devices: readonly SoakDevice[]): Promise<Audit> {
  const all: Audit = { sent: 0, acknowledged: 0, stored: 0, lost: 0, repeated: 0, foreign: 0 };
  for (const { id, book } of devices) {
    const one = book.audit(await storedOf(rest, id));
    for (const key of Object.keys(all) as (keyof Audit)[]) all[key] += one[key];
    const text = `${id}: ${JSON.stringify(one)}`;
    if (one.lost > 0) tally.fault('acknowledged readings were lost', text);
    if (one.repeated > 0) tally.fault('readings were stored twice', text);
    if (one.foreign > 0) tally.fault('there are readings that nobody sent', text);
  }
  return all;
}

function progress(sample: Sample, faults: readonly Fault[]): string {
  const whole = (value: number) => (Number.isNaN(value) ? '–' : Math.round(value).toLocaleString('en-US'));
  return [
    `${whole(sample.seconds / 60)} min`,
    `${whole(sample.readings)} readings`,
    `heap ${whole(sample.heap)} MiB`,
    `resident ${whole(sample.resident)} MiB`,
    `${whole(sample.files + sample.sockets)} handles`,
    `${whole(sample.connections)} connections`,
    `ack ${whole(sample.ackP50)} / ${whole(sample.ackP99)} ms`,
    `command p99 ${whole(sample.commandP99)} ms`,
    `processor ${whole(sample.processor)} %`,
    `${faults.reduce((sum, { count }) => sum + count, 0)} faults`,
  ].join(', ');
}
