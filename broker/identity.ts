import type { TokenRef } from '../db/domain/ports.ts';
import type { User } from '../db/domain/types.ts';
import type { LiveDevice } from '../db/live-state/types.ts';

export interface Enrolment {
  /** Of its token; null: it came without one. */
  id: number | null;
  /** It has shown a certificate of our CA for its id. */
  certified: boolean;
}

/** Who holds a session. Contract, section 3. */
export type Identity =
  | {
      kind: 'device';
      deviceId: string;
      device: LiveDevice;
      /** It came in to enrol, so that registering again makes a new secret. */
      enrolment: Enrolment | null;
    }
  | { kind: 'enrolling'; deviceId: string; enrolment: Enrolment }
  /** `token`: the JWT that it logged in with, in place of the password. */
  | { kind: 'person'; user: User; token: TokenRef | null };

/** The session belongs to the user: no id that a person picks can meet that of a device. */
export const sessionPrefix = (userId: number) => `u${userId}/`;

/** Of the user whose session has this client id; null: of a device. */
export const userIdOf = (clientId: string): number | null =>
  clientId.includes('/') ? Number(clientId.slice(1, clientId.indexOf('/'))) : null;

export function nameOf(identity: Identity): string {
  return identity.kind === 'person' ? identity.user.username : identity.deviceId;
}
