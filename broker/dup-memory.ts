import { createHash } from 'node:crypto';
import type { Micros } from '../db/domain/types.ts';
import type { LiveDevice } from '../db/live-state/types.ts';

/** Messages remembered for each device: at least the window that a client keeps in flight. */
const MAX_REMEMBERED = 256;

interface Seen {
  digest: string;
  times: readonly Micros[];
}

const digestOf = (payload: Buffer) => createHash('sha1').update(payload).digest('base64');

/**
 * Arrival times of messages whose readings carry none: a redelivery (DUP, same packet id and payload) gets those of
 * its first copy, and so the identity under which that one was stored.
 */
export class DupMemory {
  readonly #byDevice = new WeakMap<LiveDevice, Map<number, Seen>>();

  /** `make` gives the times of a message that is not known. */
  times(
    device: LiveDevice,
    message: { packetId: number | undefined; dup: boolean; payload: Buffer },
    make: () => Micros[],
  ): readonly Micros[] {
    const { packetId, dup, payload } = message;
    if (packetId === undefined) return make();
    const seen = this.#byDevice.get(device) ?? new Map<number, Seen>();
    this.#byDevice.set(device, seen);
    const digest = digestOf(payload);
    const known = seen.get(packetId);
    if (dup && known?.digest === digest) return known.times;
    const times = make();
    seen.delete(packetId);
    seen.set(packetId, { digest, times });
    if (seen.size > MAX_REMEMBERED) {
      const [oldest] = seen.keys();
      if (oldest !== undefined) seen.delete(oldest);
    }
    return times;
  }
}
