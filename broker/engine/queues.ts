import type { AedesPublishPacket } from 'aedes';
import { StoredSessions } from './stored-sessions.ts';
import type { QueuedPacket } from './types.ts';

interface Entry {
  key: string;
  packet: QueuedPacket;
  bytes: number;
}

interface Queue {
  /** In order of arrival. */
  byKey: Map<string, Entry>;
  /** Those that have been sent and wait for an answer. */
  bySentId: Map<number, Entry>;
}

/** Told of what becomes of a queue. */
export interface QueueMirror {
  pushed(clientId: string, packet: QueuedPacket): void;
  /** It has a packet id, or its PUBREL has taken its place. */
  changed(clientId: string, packet: QueuedPacket): void;
  removed(clientId: string, packet: QueuedPacket): void;
}

/** Who takes whose room: a person with all sessions, a device with its one. */
const ownerOf = (clientId: string) => StoredSessions.ownerOf(clientId) ?? clientId;
const keyOf = ({ brokerId, brokerCounter }: QueuedPacket) => `${brokerId} ${brokerCounter}`;

/** QoS 1 and 2 messages of stored sessions, until they are confirmed. Nothing is kept for a client that has none. */
export class Queues {
  readonly #byClient = new Map<string, Queue>();
  readonly #bytesByOwner = new Map<string, number>();
  readonly #mirror: QueueMirror | null;
  count = 0;
  bytes = 0;

  constructor(mirror: QueueMirror | null = null) {
    this.#mirror = mirror;
  }

  countOf(clientId: string): number {
    return this.#byClient.get(clientId)?.byKey.size ?? 0;
  }

  bytesOfOwner(clientId: string): number {
    return this.#bytesByOwner.get(ownerOf(clientId)) ?? 0;
  }

  #add(clientId: string, count: number, bytes: number): void {
    this.count += count;
    this.bytes += bytes;
    const owner = ownerOf(clientId);
    const left = this.bytesOfOwner(clientId) + bytes;
    if (left === 0) this.#bytesByOwner.delete(owner);
    else this.#bytesByOwner.set(owner, left);
  }

  /** `bytes`: what it is to count as. */
  push(clientId: string, packet: AedesPublishPacket, bytes: number): void {
    const queue = this.#byClient.get(clientId) ?? { byKey: new Map(), bySentId: new Map() };
    this.#byClient.set(clientId, queue);
    const key = keyOf(packet);
    if (queue.byKey.has(key)) return;
    queue.byKey.set(key, { key, packet, bytes });
    this.#add(clientId, 1, bytes);
    this.#mirror?.pushed(clientId, packet);
  }

  /**
   * Takes in what was kept elsewhere, in order among what is here already. Told to nobody; gives those that are new here.
   */
  merge(clientId: string, packets: readonly QueuedPacket[], bytesOf: (packet: QueuedPacket) => number) {
    const queue = this.#byClient.get(clientId) ?? { byKey: new Map(), bySentId: new Map() };
    const added: QueuedPacket[] = [];
    for (const packet of packets) {
      const key = keyOf(packet);
      const known = queue.byKey.get(key);
      if (known !== undefined && (known.packet.messageId !== undefined || packet.messageId === undefined))
        continue;
      const entry = { key, packet, bytes: bytesOf(packet) };
      this.#add(clientId, known === undefined ? 1 : 0, entry.bytes - (known?.bytes ?? 0));
      queue.byKey.set(key, entry);
      if (packet.messageId !== undefined) queue.bySentId.set(packet.messageId, entry);
      if (known === undefined) added.push(packet);
    }
    if (queue.byKey.size === 0) return added;
    const sorted = [...queue.byKey].sort(([, a], [, b]) => (a.packet.stamp ?? 0) - (b.packet.stamp ?? 0));
    queue.byKey = new Map(sorted);
    this.#byClient.set(clientId, queue);
    return added;
  }

  /** It goes out under its packet id. */
  sent(clientId: string, packet: QueuedPacket): void {
    const queue = this.#byClient.get(clientId);
    const entry = queue?.byKey.get(keyOf(packet));
    const { messageId } = packet;
    if (queue === undefined || entry === undefined || messageId === undefined) return;
    if (entry.packet.messageId !== undefined) queue.bySentId.delete(entry.packet.messageId);
    entry.packet = { ...entry.packet, messageId };
    queue.bySentId.set(messageId, entry);
    this.#mirror?.changed(clientId, entry.packet);
  }

  /** It has been received: its PUBREL takes its place. */
  released(clientId: string, messageId: number): void {
    const entry = this.#byClient.get(clientId)?.bySentId.get(messageId);
    if (entry === undefined) return;
    this.#add(clientId, 0, -entry.bytes);
    entry.bytes = 0;
    const { brokerId, brokerCounter, stamp } = entry.packet;
    entry.packet = {
      cmd: 'pubrel',
      messageId,
      brokerId,
      brokerCounter,
      ...(stamp !== undefined && { stamp }),
    };
    this.#mirror?.changed(clientId, entry.packet);
  }

  /** By its packet id, or as it came where it has none. */
  remove(clientId: string, packet: QueuedPacket): QueuedPacket | undefined {
    const removed = this.#remove(clientId, packet);
    if (removed !== undefined) this.#mirror?.removed(clientId, removed);
    return removed;
  }

  #remove(clientId: string, packet: QueuedPacket): QueuedPacket | undefined {
    const queue = this.#byClient.get(clientId);
    const { messageId } = packet;
    const entry = messageId === undefined ? queue?.byKey.get(keyOf(packet)) : queue?.bySentId.get(messageId);
    if (queue === undefined || entry === undefined) return undefined;
    queue.byKey.delete(entry.key);
    if (entry.packet.messageId !== undefined) queue.bySentId.delete(entry.packet.messageId);
    this.#add(clientId, -1, -entry.bytes);
    if (queue.byKey.size === 0) this.#byClient.delete(clientId);
    return entry.packet;
  }

  /** In order; what is queued meanwhile is among them. */
  *each(clientId: string): Generator<QueuedPacket> {
    for (const { packet } of this.#byClient.get(clientId)?.byKey.values() ?? []) yield packet;
  }

  /** As they are now, in order. */
  of(clientId: string): QueuedPacket[] {
    return [...this.each(clientId)];
  }

  /** Here alone: whoever mirrors it is not told. */
  drop(clientId: string): void {
    for (const packet of this.of(clientId)) {
      const { messageId: _, ...unsent } = packet;
      this.#remove(clientId, unsent);
    }
  }
}
