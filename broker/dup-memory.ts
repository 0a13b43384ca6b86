import type { Micros } from '../db/domain/types.ts';
import type { LiveDevice } from '../db/live-state/types.ts';

/** Messages remembered for each device: at least the window that a client keeps in flight. */
const REMEMBERED = 256;

/** FNV-1a, 32 bits: it tells one payload of a device from another under the same packet id, nothing more. */
export function hashOf(payload: Buffer): number {
  let hash = 0x811c9dc5 ^ payload.length;
  for (let i = 0; i < payload.length; i++) hash = Math.imul(hash ^ (payload[i] ?? 0), 0x01000193);
  return hash;
}

/**
 * The last messages of one device. One goes for each that comes, whatever their packet ids: clients give them out as they
 * like, some at random.
 */
export class RecentMessages {
  readonly #ids = new Uint16Array(REMEMBERED);
  readonly #hashes = new Int32Array(REMEMBERED);
  readonly #times = new Float64Array(REMEMBERED);
  /** Of the next one. */
  #place = 0;

  /** `make` gives the time of a message that is not known. */
  time(packetId: number, dup: boolean, payload: Buffer, make: () => Micros): Micros {
    const hash = hashOf(payload);
    const known = dup ? this.find(packetId, hash) : null;
    return known ?? this.#keep(packetId, hash, make());
  }

  /** Its first copy came to another node. */
  keep(packetId: number, payload: Buffer, time: Micros): void {
    this.#keep(packetId, hashOf(payload), time);
  }

  #keep(packetId: number, hash: number, time: Micros): Micros {
    this.#ids[this.#place] = packetId;
    this.#hashes[this.#place] = hash;
    this.#times[this.#place] = time;
    this.#place = (this.#place + 1) % REMEMBERED;
    return time;
  }

  /** When its first copy came; null: that is not known here. Only the last message under a packet id can be sent again. */
  find(packetId: number, hash: number): Micros | null {
    for (let age = 1; age <= REMEMBERED; age++) {
      const place = (this.#place - age + REMEMBERED) % REMEMBERED;
      if (this.#ids[place] === packetId)
        return this.#hashes[place] === hash ? (this.#times[place] ?? null) : null;
    }
    return null;
  }
}

/**
 * Arrival times of messages whose readings carry none: a redelivery (DUP, same packet id and payload) gets that of
 * its first copy, and so the identity under which that one was stored. Kept over the connections of a device.
 */
export class DupMemory {
  readonly #byDevice = new WeakMap<LiveDevice, RecentMessages>();

  /** Of a device of which nothing has come nothing is made. */
  find(device: LiveDevice, packetId: number, hash: number): Micros | null {
    return this.#byDevice.get(device)?.find(packetId, hash) ?? null;
  }

  of(device: LiveDevice): RecentMessages {
    let recent = this.#byDevice.get(device);
    if (recent === undefined) {
      recent = new RecentMessages();
      this.#byDevice.set(device, recent);
    }
    return recent;
  }
}
