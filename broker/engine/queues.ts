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

/** Who takes whose room: a person with all sessions, a device with its one. */
const ownerOf = (clientId: string) => StoredSessions.ownerOf(clientId) ?? clientId;
const keyOf = ({ brokerId, brokerCounter }: QueuedPacket) => `${brokerId} ${brokerCounter}`;

/** QoS 1 and 2 messages of stored sessions, until they are confirmed. Nothing is kept for a client that has none. */
export class Queues {
  readonly #byClient = new Map<string, Queue>();
  readonly #bytesByOwner = new Map<string, number>();
  count = 0;
  bytes = 0;

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
  }

  /** It has been received: its PUBREL takes its place. */
  released(clientId: string, messageId: number): void {
    const entry = this.#byClient.get(clientId)?.bySentId.get(messageId);
    if (entry === undefined) return;
    this.#add(clientId, 0, -entry.bytes);
    entry.bytes = 0;
    const { brokerId, brokerCounter } = entry.packet;
    entry.packet = { cmd: 'pubrel', messageId, brokerId, brokerCounter };
  }

  /** By its packet id, or as it came where it has none. */
  remove(clientId: string, packet: QueuedPacket): QueuedPacket | undefined {
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

  drop(clientId: string): void {
    for (const packet of this.of(clientId)) {
      const { messageId: _, ...unsent } = packet;
      this.remove(clientId, unsent);
    }
  }
}
