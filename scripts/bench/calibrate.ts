import type { OnEnd } from '../bench-history/database.ts';
import { PAYLOAD } from './contestants/devices.ts';
import { mosquitto } from './contestants/mosquitto.ts';
import { startLoad } from './load/index.ts';
import type { Pinning } from './pinning.ts';

const CLIENTS = 200;
const IN_FLIGHT = 10;

/** Acknowledged messages a second to which the load generator drives Mosquitto; null without one. */
export async function calibrate(options: {
  pinning: Pinning;
  warmUpMs: number;
  measureMs: number;
  onEnd: OnEnd;
}): Promise<number | null> {
  const { pinning, warmUpMs, measureMs, onEnd } = options;
  if ((await mosquitto.missing()) !== null) return null;
  const running = await mosquitto.start({ clients: CLIENTS, pinning });
  onEnd(running.stop);
  const load = startLoad();
  onEnd(load.stop);
  const { host, port } = running;
  await load.connect({ host, port }, running.clients, PAYLOAD);
  const { ackedInWindow, windowMs } = await load.run({ inFlight: IN_FLIGHT }, warmUpMs, measureMs);
  await load.stop();
  await running.stop();
  return (ackedInWindow / windowMs) * 1000;
}
