import type { Limits } from '../../db/domain/limits.ts';
import type { QueueMirror, Queues } from './queues.ts';
import type { Received } from './received.ts';
import type { Retained } from './retained.ts';
import type { StoredSessions } from './stored-sessions.ts';
import type { EngineClient, Persistence } from './types.ts';

export interface PersistenceRules {
  limits: Pick<
    Limits,
    'retained' | 'retainedBytes' | 'queued' | 'queuedBytes' | 'sessions' | 'sessionsPerUser' | 'subscriptions'
  >;
  /** Must this message not be queued for this session? */
  withheld(clientId: string, topic: string): boolean;
  /** Has what its session hangs on been taken away? */
  isOver(client: EngineClient): boolean;
  /** Is a client of this id connected? */
  isLive(clientId: string): boolean;
  /** Told of what happens to queues, and of sessions that are forgotten. */
  mirror: (QueueMirror & { dropped(clientId: string): void }) | null;
  onLimit(limit: 'retained' | 'queued' | 'sessions' | 'sessions_per_user', clientId: string | null): void;
}

/** What lies in memory, for whoever keeps it elsewhere too. */
export interface Working {
  sessions: StoredSessions;
  queues: Queues;
  received: Received;
  retained: Retained;
  /** Of a session that was kept elsewhere. Told to nobody. */
  setFilters(id: string, filters: ReadonlyMap<string, number>): Promise<void>;
  /** Here alone. */
  forget(id: string): Promise<void>;
  queuedBytes(packet: { topic?: string; payload?: string | Buffer; cmd?: string }): number;
}

export interface BoundedPersistence {
  persistence: Persistence;
  working: Working;
  /** To be told of each SUBSCRIBE before its retained messages are asked for. */
  subscribing(client: EngineClient): void;
  /** To be told of each client once all that was queued for it has been sent. */
  resumed(client: EngineClient): void;
  /** Have the sessions of the same person as many filters as they may? */
  isFull(clientId: string): boolean;
  /** Filters with QoS above 0 of stored sessions that are no device's own. */
  observers(): number;
  dropRetained(concerns: (topic: string) => boolean): void;
  /** Forgets what is stored for this client id, here and elsewhere. */
  dropSession(clientId: string): Promise<void>;
  /** Forgets what is stored for these client ids: subscriptions and queues. */
  dropSessions(concerns: (clientId: string) => boolean): Promise<void>;
  /** For `/api/metrics`. */
  sizes(): { sessions: number; queued: number; queuedBytes: number; retained: number; retainedBytes: number };
}
