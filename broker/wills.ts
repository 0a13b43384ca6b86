import type { PublishPacket } from 'aedes';
import type { Accounts, Log } from '../db/domain/ports.ts';
import type { LiveState } from '../db/live-state/types.ts';
import { mayPublish } from './authorize.ts';
import type { Dispatch } from './dispatch.ts';
import type { EngineClient } from './engine/types.ts';
import { type Identity, userIdOf } from './identity.ts';
import { Message, type Outcome } from './message.ts';
import { Session, type Sessions } from './sessions.ts';
import { parseUplink, REGISTER, type Uplink } from './topics.ts';

export interface WillDeps {
  accounts: Pick<Accounts, 'find'>;
  live: Pick<LiveState, 'device'>;
  sessions: Pick<Sessions, 'flusher' | 'onSent'>;
  dispatch: Pick<Dispatch, 'dispatch'>;
  hasAudience: (topic: string) => boolean;
  publish: (packet: PublishPacket) => void;
  log: Log;
}

/** The last message of a device whose node has died. */
class LastMessage extends Message {
  readonly #settled: (outcome: Outcome) => void;

  constructor(
    session: Session,
    uplink: Uplink,
    topic: string,
    payload: Buffer,
    settled: (o: Outcome) => void,
  ) {
    super(session, uplink, topic, payload, undefined, false);
    this.#settled = settled;
  }

  settled(outcome: Outcome): void {
    this.#settled(outcome);
  }
}

/** Publishes the will of a client that was connected to a node that has died, with the rights that its owner has now. */
export function createWillPublisher(deps: WillDeps) {
  const { accounts, live, sessions, dispatch, log } = deps;

  const identityOf = (clientId: string): Identity | null => {
    const userId = userIdOf(clientId);
    if (userId !== null) {
      const user = accounts.find(userId);
      return user === undefined ? null : { kind: 'person', user, token: null };
    }
    const device = live.device(clientId);
    if (device === undefined || device.revoked) return null;
    return { kind: 'device', deviceId: clientId, device, enrolment: null };
  };

  return (clientId: string, packet: PublishPacket): void => {
    const { topic, payload, retain } = packet;
    const identity = identityOf(clientId);
    if (identity === null || topic === REGISTER || mayPublish(identity, topic) !== 'allow') {
      log.info({ client: clientId, topic }, 'a will is not published: its owner has no right to it any more');
      return;
    }
    const uplink = parseUplink(topic);
    const takesAway = retain && payload.length === 0;
    if (identity.kind === 'person' || uplink === null || takesAway) {
      deps.publish(packet);
      return;
    }
    // It may wait for the database as long as it takes: no connection ends meanwhile.
    const nowhere = { id: clientId, closed: false } as EngineClient;
    const session = new Session(identity, nowhere, '', performance.now(), sessions);
    const settled = (outcome: Outcome) => {
      if (outcome === 'accepted' && (retain || deps.hasAudience(topic))) deps.publish(packet);
    };
    dispatch.dispatch(new LastMessage(session, uplink, topic, Buffer.from(payload), settled));
  };
}
