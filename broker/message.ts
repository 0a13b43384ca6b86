import type { LiveDevice } from '../db/live-state/types.ts';
import { Refusal } from './refusal.ts';
import type { Session } from './sessions.ts';
import type { Uplink } from './topics.ts';

/** One PUBLISH of a device on one of its topics, its right to publish there already checked. */
export interface Message {
  session: Session;
  uplink: Uplink;
  topic: string;
  payload: Buffer;
  /** Set for QoS 1 and 2. */
  packetId: number | undefined;
  /** The device says that it may have sent this before. */
  dup: boolean;
}

/** null: dealt with, and stored if it had to be. A Refusal is told to the device; any other error ends its connection. */
export type Done = (error: Error | null) => void;
export type Handler = (message: Message, done: Done) => void;

/** For a message kind that may take a turn of the loop: it resolves once stored, and throws Refusals. */
export function handleAsync(handle: (message: Message) => Promise<void>): Handler {
  return (message, done) => {
    handle(message).then(
      () => done(null),
      (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
    );
  };
}

/** The device behind a message. Throws a Refusal for a session that has not registered yet. */
export function deviceOf({ session }: Message): LiveDevice {
  if (session.device === null) throw new Refusal('not_allowed', 'register first');
  return session.device;
}
