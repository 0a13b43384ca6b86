import type { FlowName } from '../db/domain/ports.ts';
import type { LiveDevice } from '../db/live-state/types.ts';
import { Refusal } from './refusal.ts';
import type { Session } from './sessions.ts';
import type { Uplink } from './topics.ts';

/** accepted (stored), refused (to be acknowledged too), or failed (the connection must end). */
export type Outcome = 'accepted' | 'refused' | 'failed';

const NOTHING = Buffer.alloc(0);

/**
 * One PUBLISH of a device on one of its topics, its right to publish there already checked. There are many at a time, and
 * each waits for a commit: one object has all that is to be known of one, in place of a chain of callbacks.
 */
export abstract class Message {
  readonly session: Session;
  readonly uplink: Uplink;
  readonly topic: string;
  payload: Buffer;
  /** Of the payload. */
  readonly bytes: number;
  /** Set for QoS 1 and 2. */
  readonly packetId: number | undefined;
  /** The device says that it may have sent this before. */
  readonly dup: boolean;
  /** When it came, by the clock of whoever dispatches it, who sets it. Milliseconds. */
  arrivedAt = 0;
  /** Which flow it is counted in, beside that of all messages; null: in no other. */
  flow: FlowName | null = null;
  #finish: ((message: Message, error: Error | null) => void) | null = null;

  constructor(
    session: Session,
    uplink: Uplink,
    topic: string,
    payload: Buffer,
    packetId: number | undefined,
    dup: boolean,
  ) {
    this.session = session;
    this.uplink = uplink;
    this.topic = topic;
    this.payload = payload;
    this.bytes = payload.length;
    this.packetId = packetId;
    this.dup = dup;
  }

  /** Told once what became of it. */
  abstract settled(outcome: Outcome): void;

  /** For whoever dispatches it: is told of `done`, once. */
  onDone(finish: (message: Message, error: Error | null) => void): void {
    this.#finish = finish;
  }

  /**
   * For its handler. null: dealt with, and stored if it had to be. A Refusal is told to the device; any other error ends its
   * connection.
   */
  done(error: Error | null): void {
    const finish = this.#finish;
    this.#finish = null;
    finish?.(this, error);
  }

  /** The payload has been read; what it lies in need not be kept while it waits for its commit. */
  forgetPayload(): void {
    this.payload = NOTHING;
  }
}

/** Throws a Refusal for a message that is to be refused. */
export type Handler = (message: Message) => void;

/** For a message kind that may take a turn of the loop: it resolves once stored, and throws Refusals. */
export function handleAsync(handle: (message: Message) => Promise<void>): Handler {
  return (message) => {
    handle(message).then(
      () => message.done(null),
      (error: unknown) => message.done(error instanceof Error ? error : new Error(String(error))),
    );
  };
}

/** The device behind a message. Throws a Refusal for a session that has not registered yet. */
export function deviceOf({ session }: Message): LiveDevice {
  if (session.device === null) throw new Refusal('not_allowed', 'register first');
  return session.device;
}
