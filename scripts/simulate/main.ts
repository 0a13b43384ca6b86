import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { SimulatedDevice } from './device.ts';
import { elsewhere, here } from './enrol.ts';
import { MODELS, seeded } from './models.ts';
import { type Options, readOptions, USAGE, UsageError } from './options.ts';
import { Secrets } from './state.ts';
import { Tally } from './tally.ts';

const EXIT_USAGE = 64;
/** Devices that connect and register at the same time. */
const AT_ONCE = 100;
/** Each interval is cut into so many turns, among which the devices are spread. */
const TURNS = 20;
const LINE_EVERY_MS = 1000;
/** How long acknowledgements, and connections that were dropped, may take after the last report. */
const LAST_WORDS_MS = 5000;

function show(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${text}`);
  else console.log(text);
}

async function inGroups(devices: SimulatedDevice[], tally: Tally): Promise<void> {
  const waiting = [...devices];
  const worker = async () => {
    for (let device = waiting.shift(); device !== undefined; device = waiting.shift()) {
      await device.start().catch((error: unknown) => {
        tally.fault(error instanceof Error ? error.message : String(error));
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function run(options: Options): Promise<number> {
  const { devices: count, intervalMs, drop } = options;
  const random = seeded(options.seed);
  const tally = new Tally();
  const { url, caPath, statePath, enrol } =
    options.url === null ? here(options) : elsewhere(options, options.url);
  const secrets = new Secrets(statePath, url);
  const ids = Array.from({ length: count }, (_, i) => `${options.prefix}-${String(i + 1).padStart(4, '0')}`);
  const unknown = ids.filter((id) => secrets.get(id) === undefined).length;
  const token = await enrol(unknown);
  const ca = caPath === null ? null : readFileSync(caPath, 'utf8');
  const devices = ids.map((id, i) => {
    const model = MODELS[i % MODELS.length]?.(random);
    if (model === undefined) throw new Error('there are no models');
    const { slowMs, garbage } = options;
    return new SimulatedDevice({ id, model, url, ca, token, secrets, tally, random, slowMs, garbage });
  });

  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  const line = setInterval(() => show(tally.line(count)), LINE_EVERY_MS);
  const began = performance.now();
  const started = inGroups(devices, tally).then(() => {
    secrets.save();
    show(
      `${tally.registered} of ${count} registered after ${((performance.now() - began) / 1000).toFixed(1)} s\n`,
    );
  });
  let turn = 0;
  const reports = setInterval(() => {
    const now = new Date();
    for (let i = turn % TURNS; i < devices.length; i += TURNS) {
      devices[i]?.report(now);
      if (random() * 100 < drop) devices[i]?.drop();
    }
    turn++;
  }, intervalMs / TURNS);

  const ends: Promise<unknown>[] = [interrupted];
  if (options.durationMs !== null)
    ends.push(started.then(() => sleep(options.durationMs ?? 0, null, { ref: false })));
  await Promise.race(ends);
  clearInterval(reports);
  const deadline = Date.now() + LAST_WORDS_MS;
  while (!tally.settled && Date.now() < deadline) await sleep(50);
  tally.close();
  clearInterval(line);
  secrets.save();
  await Promise.race([Promise.allSettled(devices.map((device) => device.stop())), sleep(LAST_WORDS_MS)]);
  show(`${tally.summary(count)}\n`);
  return tally.faults === 0 && tally.registered === count ? 0 : 1;
}

try {
  process.exitCode = await run(readOptions(process.argv.slice(2), process.env));
} catch (error) {
  const usage = error instanceof UsageError;
  console.error(error instanceof Error ? error.message : String(error));
  if (usage) console.error(`\n${USAGE}`);
  process.exitCode = usage ? EXIT_USAGE : 1;
}
process.exit();
