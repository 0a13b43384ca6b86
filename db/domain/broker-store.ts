/** Ids of people's sessions contain a slash; what a device may be sent is published where it is connected. */
export const isPerson = (clientId: string): boolean => clientId.includes('/');

/** A QoS 1 or 2 message that waits for a client, as it is kept for all nodes. */
export interface KeptMessage {
  brokerId: string;
  brokerCounter: number;
  /** Milliseconds: of what different nodes have queued, the earlier goes out first. */
  stamp: number;
  /** null until it is sent. */
  messageId: number | null;
  /** null: it has been received, and its PUBREL has taken its place. */
  content: { topic: string; payload: Buffer; qos: 1 | 2 } | null;
}

export interface KeptSession {
  /** QoS by filter. */
  filters: ReadonlyMap<string, number>;
  queue: readonly KeptMessage[];
  /** Ids of QoS 2 messages that wait for their PUBREL. */
  received: readonly number[];
  /** Node at which its client is, as far as was written. */
  at: string | null;
}

export interface KeptRetained {
  topic: string;
  /** Empty: there is none any more. */
  payload: Buffer;
  qos: 0 | 1 | 2;
  /** The newer one holds, whoever writes later. */
  stamp: number;
}

export interface KeptWill {
  clientId: string;
  /** At which its client was. */
  nodeId: string;
  topic: string;
  payload: Buffer;
  qos: 0 | 1 | 2;
  retain: boolean;
  /** For `takeWill`. */
  raw: Buffer;
}

export interface QueueBounds {
  count: number;
  bytes: number;
}

/** `same`: as it was. `emptied`: it lost what it had. `unsure`: more was to be written than could be kept in mind. */
export type StoreReturn = 'same' | 'emptied' | 'unsure';

/**
 * What the MQTT side keeps for all nodes, in Redis. What is written waits in order while Redis is away, within a bound;
 * every write may be repeated. What is read throws while it is away.
 */
export interface BrokerStore {
  readonly ready: boolean;
  /** A session whose client has been away for so long is forgotten. */
  readonly expiryMs: number;

  /** Writes that were given so far; `written` is as far as they have come. */
  readonly given: number;
  readonly written: number;
  onWritten(listener: () => void): void;
  /** Resolves once all that was given before now is written. */
  settled(): Promise<void>;
  /** Redis can be spoken to again, and all that waited has been written. */
  onReturn(listener: (how: StoreReturn) => void): void;

  readSession(id: string): Promise<KeptSession | null>;
  /** Node at which its client is, as far as was written. */
  whereIs(id: string): Promise<string | null>;
  /** Sessions of people that have not expired. */
  readPeople(): Promise<Map<string, Pick<KeptSession, 'filters' | 'at'>>>;
  /** A new one; whatever was kept under the id is gone. */
  createSession(id: string): void;
  /** As it is here. */
  replaceSession(id: string, session: Omit<KeptSession, 'at'>): void;
  /** Of a client that is nowhere: its filters, unless there is such a session. */
  restoreSession(id: string, filters: ReadonlyMap<string, number>): void;
  /** Its client is at this node. */
  holdSession(id: string): void;
  /** Its client has left this node. */
  releaseSession(id: string, queuedBytes: number): void;
  renewSessions(ids: Iterable<string>): void;
  /** `wasAt`: told where its client was, if that was another node. */
  dropSession(id: string, wasAt?: (nodeId: string) => void): void;
  addFilters(id: string, filters: Iterable<readonly [filter: string, qos: number]>): void;
  removeFilters(id: string, filters: readonly string[]): void;

  /** `refused`: it was full, or there is no such session any more. */
  enqueue(
    id: string,
    message: KeptMessage,
    bounds: QueueBounds,
    refused?: (why: 'full' | 'gone') => void,
  ): void;
  /** It has a packet id now, or its PUBREL has taken its place. */
  changeMessage(id: string, message: KeptMessage): void;
  removeMessage(id: string, message: Pick<KeptMessage, 'brokerId' | 'brokerCounter'>): void;
  addReceived(id: string, messageId: number): void;
  removeReceived(id: string, messageId: number): void;

  readRetained(): Promise<KeptRetained[]>;
  writeRetained(retained: KeptRetained): void;

  readWills(): Promise<KeptWill[]>;
  writeWill(will: Omit<KeptWill, 'nodeId' | 'raw'>, how?: 'unless-there-is-one'): void;
  /** `ours`: only one of this node. */
  removeWill(clientId: string, ours: boolean): void;
  /** true for one caller of all nodes, and only while it is still this very one. */
  takeWill(will: KeptWill): Promise<boolean>;
}
