import { PAYLOAD } from './contestants/devices.ts';
import { mosquitto } from './contestants/mosquitto.ts';
import { startLoad } from './load/index.ts';
import type { Pinning } from './pinning.ts';

const CLIENTS = 200;
const IN_FLIGHT = 10;

/** Acknowledged messages a second to which the load generator drives Mosquitto; null without one. */
export async function calibrate(
  pinning: Pinning,
  warmUpMs: number,
  measureMs: number,
): Promise<number | null> {
  if ((await mosquitto.missing()) !== null) return null;
  const running = await mosquitto.start({ clients: CLIENTS, pinning });
  const load = startLoad();
  try {
    const { host, port } = running;
    await load.connect({ host, port }, running.clients, PAYLOAD);
    const { ackedInWindow, windowMs } = await load.run({ inFlight: IN_FLIGHT }, warmUpMs, measureMs);
    return (ackedInWindow / windowMs) * 1000;
  } finally {
    await load.stop();
    await running.stop();
  }
}
