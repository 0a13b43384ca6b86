import type { Micros } from '../db/domain/types.ts';
import type { LiveDevice } from '../db/live-state/types.ts';

/** Messages remembered for each device: at least the window that a client keeps in flight. A power of two. */
const REMEMBERED = 256;

/** FNV-1a, 32 bits: it tells one payload of a device from another under the same packet id, nothing more. */
function hashOf(payload: Buffer): number {
  let hash = 0x811c9dc5 ^ payload.length;
  for (let i = 0; i < payload.length; i++) hash = Math.imul(hash ^ (payload[i] ?? 0), 0x01000193);
  return hash;
}

/** The last messages of one device, by packet id. */
export class RecentMessages {
  readonly #ids = new Uint16Array(REMEMBERED);
  readonly #hashes = new Int32Array(REMEMBERED);
  readonly #times = new Float64Array(REMEMBERED);

  /** `make` gives the time of a message that is not known. */
  time(packetId: number, dup: boolean, payload: Buffer, make: () => Micros): Micros {
    const place = packetId & (REMEMBERED - 1);
    const hash = hashOf(payload);
    if (dup && this.#ids[place] === packetId && this.#hashes[place] === hash) return this.#times[place] ?? 0;
    const time = make();
    this.#ids[place] = packetId;
    this.#hashes[place] = hash;
    this.#times[place] = time;
    return time;
  }
}

/**
 * Arrival times of messages whose readings carry none: a redelivery (DUP, same packet id and payload) gets that of
 * its first copy, and so the identity under which that one was stored. Kept over the connections of a device.
 */
export class DupMemory {
  readonly #byDevice = new WeakMap<LiveDevice, RecentMessages>();

  of(device: LiveDevice): RecentMessages {
    let recent = this.#byDevice.get(device);
    if (recent === undefined) {
      recent = new RecentMessages();
      this.#byDevice.set(device, recent);
    }
    return recent;
  }
}
