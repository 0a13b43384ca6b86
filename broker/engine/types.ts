import type { EventEmitter } from 'node:events';
import type { Duplex, Readable } from 'node:stream';
import type { AedesPublishPacket, Client, PublishPacket, Subscription } from 'aedes';
import type { Bytes, Header } from './strict.ts';

/**
 * What Aedes 1.2.0 has and its types leave out, read from its source. Nothing beyond `broker/engine` touches
 * these members, so that a new version of Aedes is checked in one place.
 */
export interface EngineClient extends Client {
  id: string;
  conn: Duplex;
  will: PublishPacket | null;
  _will?: PublishPacket | null;
  /** `granted` is ours: see subscriptions.ts. */
  subscriptions: Record<string, { granted: number }>;
  duplicates: Record<string, number>;
  connackSent: boolean;
  /** It has said DISCONNECT. */
  _disconnected: boolean;
  /** Ours: bytes that it may leave unread before messages for it are dropped. */
  maxUnread: number;
  /** Ours: filters that were granted and not given up, those that are being stored among them. */
  grantedFilters: Set<string>;
  /** Ours: subscriptions that were granted and are to be stored. */
  justGranted: Subscription[];
  _authorized: boolean;
  _parser: EngineParser;
  _paused?: boolean;
  _parsingBatch: number;
  _nextBatch: (error?: Error | null) => void;
  _nextId: number;
  _keepaliveTimer: NodeJS.Timeout | null;
  /** Milliseconds: one and a half times what the client told. */
  _keepaliveInterval: number;
  deliverQoS(packet: QueuedPacket, done: () => void): void;
  pause(): void;
  resume(): void;
  waitForDrain: (callback: (error: Error | null, client: unknown) => void) => void;
}

export interface EngineParser extends EventEmitter {
  parse(chunk: Buffer): number;
  packet: Header;
  _list: Bytes & { slice(): Buffer; consume(count: number): void };
  /** 0: the next byte is the first of a packet. */
  _stateCounter: number;
  _parseHeader(): boolean | undefined;
  _parseLength(): boolean;
  _parsePayload(): boolean;
  _emitError(error: Error): void;
}

/** Asynchronous storage of sessions, retained messages and wills, as Aedes calls it. */
export interface Persistence {
  addSubscriptions(client: EngineClient, subscriptions: Subscription[]): Promise<void>;
  removeSubscriptions(client: EngineClient, topics: string[]): Promise<void>;
  cleanSubscriptions(client: EngineClient): Promise<void>;
  subscriptionsByClient(client: { id: string }): Promise<Subscription[]>;
  subscriptionsByTopic(topic: string): Promise<{ clientId: string; topic: string; qos: number }[]>;
  outgoingEnqueueCombi(
    subscriptions: { clientId: string; qos: number }[],
    packet: AedesPublishPacket,
  ): Promise<void>;
  outgoingEnqueue(subscription: { clientId: string }, packet: AedesPublishPacket): Promise<void>;
  outgoingClearMessageId(client: EngineClient, packet: QueuedPacket): Promise<undefined>;
  outgoingStream(client: EngineClient): Readable;
  createRetainedStreamCombi(filters: string[]): Readable;
  cleanIncoming(client: EngineClient): Promise<void>;
  putWill(client: EngineClient, packet: PublishPacket): Promise<void>;
  delWill(client: { id: string; brokerId?: string }): Promise<unknown>;
  storeRetained(packet: PublishPacket): Promise<void>;
  outgoingUpdate(client: EngineClient, packet: QueuedPacket): Promise<void>;
  incomingStorePacket(client: EngineClient, packet: ReceivedPacket): Promise<void>;
  incomingGetPacket(client: EngineClient, packet: ReceivedPacket): Promise<ReceivedPacket>;
  incomingDelPacket(client: EngineClient, packet: ReceivedPacket): Promise<void>;
}

/**
 * A message on its way to a client, or the PUBREL that has taken its place. `messageId`: once it has been sent. `stamp`: when it
 * was queued, where several nodes do so.
 */
export type QueuedPacket = Pick<AedesPublishPacket, 'brokerId' | 'brokerCounter'> &
  Omit<Partial<AedesPublishPacket>, 'cmd'> & { cmd: 'publish' | 'pubrel'; stamp?: number };

export interface ReceivedPacket {
  messageId: number;
}

/** Set on a packet that nobody is to be sent: it was consumed by the application. */
export const CONSUMED: unique symbol = Symbol('consumed');
export type MarkedPacket = PublishPacket & { [CONSUMED]?: true };
