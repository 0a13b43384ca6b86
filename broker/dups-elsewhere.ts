import type { Bus, Nodes } from '../db/domain/cluster.ts';
import type { Micros } from '../db/domain/types.ts';
import type { LiveDevice, LiveState } from '../db/live-state/types.ts';
import { type DupMemory, hashOf } from './dup-memory.ts';
import type { Handler, Message } from './message.ts';

const ASK_MS = 500;
/** Questions under way; beyond them a message counts as new, as it does while Redis is away. */
const MAX_ASKED = 1000;
const NAMED = 'timestamp';

type Question = readonly [number: number, deviceId: string, packetId: number, hash: number];
type Answer = readonly [to: string, number: number, at: Micros];

export interface DupsElsewhereDeps {
  cluster: { nodes: Pick<Nodes, 'id'>; bus: Bus };
  live: Pick<LiveState, 'device'>;
  dups: DupMemory;
}

/**
 * A device that lost its node sends to another one what was not acknowledged. Where its readings carry no time, the node that had
 * them first is asked when that was: so they keep their identity, and are stored once.
 */
export function createDupsElsewhere({ cluster, live, dups }: DupsElsewhereDeps) {
  const { bus, nodes } = cluster;
  const asked = new Map<number, Micros | null>();
  let last = 0;

  bus.on('dup-asked', ([number, deviceId, packetId, hash]: Question, from) => {
    const device = live.device(deviceId);
    const at = device === undefined ? null : dups.find(device, packetId, hash);
    if (at !== null) bus.tell('dup-known', [from, number, at]);
  });
  bus.on('dup-known', ([to, number, at]: Answer) => {
    if (to === nodes.id && asked.has(number)) asked.set(number, at);
  });

  const find = async (deviceId: string, packetId: number, hash: number): Promise<Micros | null> => {
    const number = ++last;
    asked.set(number, null);
    // Answers come before the word that the question was dealt with.
    await bus.ask('dup-asked', [number, deviceId, packetId, hash], ASK_MS);
    const at = asked.get(number) ?? null;
    asked.delete(number);
    return at;
  };

  const mustAsk = ({ dup, packetId, payload }: Message, device: LiveDevice): boolean =>
    dup &&
    packetId !== undefined &&
    bus.ready &&
    asked.size < MAX_ASKED &&
    !payload.includes(NAMED) &&
    dups.find(device, packetId, hashOf(payload)) === null;

  return (handler: Handler): Handler =>
    (message) => {
      const { packetId, payload, session } = message;
      const { device } = session;
      if (device === null || packetId === undefined || !mustAsk(message, device)) return handler(message);
      void find(device.deviceId, packetId, hashOf(payload))
        .then((at) => {
          if (at !== null) dups.of(device).keep(packetId, payload, at);
          handler(message);
        })
        .catch((error: unknown) => message.done(error instanceof Error ? error : new Error(String(error))));
    };
}
