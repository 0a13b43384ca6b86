import type { Ending, SoakDevice } from './device.ts';
import type { House } from './house.ts';
import type { Options } from './options.ts';

const TICK_MS = 20;
const BATCH_SHARE = 0.03;
const HEARTBEAT_MS = 10_000;
/** How long a device stays connected, on average; in a short run a part of that run. */
const STAY_MS = 120_000;
const STAY_SHARE = 0.3;
/** How long it is away at most. */
const AWAY_MS: Record<Ending, number> = { goodbye: 30_000, cut: 5000, reset: 2000, silence: 40_000 };
const ENDINGS = Object.keys(AWAY_MS) as Ending[];

/** All devices report in turn, spread over the time; each drops now and then and comes back. Gives what stops that. */
export function startReports(
  { random, tally }: House,
  devices: readonly SoakDevice[],
  { rate, minutes }: Options,
) {
  const began = performance.now();
  let due = 0;
  let turn = 0;
  const reports = setInterval(() => {
    const until = ((performance.now() - began) / 1000) * rate;
    for (; due < until; due++) devices[turn++ % devices.length]?.report(random.next() < BATCH_SHARE);
  }, TICK_MS);

  let beat = 0;
  const beats = setInterval(
    () => devices[beat++ % devices.length]?.heartbeat(),
    HEARTBEAT_MS / devices.length,
  );

  const stayMs = Math.min(STAY_MS, STAY_SHARE * minutes * 60_000);
  const away = new Set<Promise<void>>();
  const drops = setInterval(() => {
    const device = random.pick(devices);
    if (!device.connected) return;
    const ending = random.pick(ENDINGS);
    const dropping = device
      .drop(ending, AWAY_MS[ending] * random.next())
      .catch((error: unknown) => tally.fault('a drop', error))
      .finally(() => away.delete(dropping));
    away.add(dropping);
  }, stayMs / devices.length);

  return {
    /** Resolves once every device is back. */
    stopReports: async () => {
      clearInterval(reports);
      clearInterval(drops);
      await Promise.all(away);
    },
    /** A device that is silent for long would be closed. */
    stopHeartbeats: () => clearInterval(beats),
  };
}
