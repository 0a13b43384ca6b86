import type { TokenRef } from '../db/domain/ports.ts';
import type { User } from '../db/domain/types.ts';
import type { LiveDevice } from '../db/live-state/types.ts';

/** Who holds a session. Contract, section 3. */
export type Identity =
  | {
      kind: 'device';
      deviceId: string;
      device: LiveDevice;
      /** It came in with this enrolment token (null: without one), so that registering again makes a new secret. */
      enrolment: { id: number | null } | null;
    }
  | { kind: 'enrolling'; deviceId: string; enrolment: { id: number | null } }
  /** `token`: the JWT that it logged in with, in place of the password. */
  | { kind: 'person'; user: User; token: TokenRef | null };

/** The session belongs to the user: no id that a person picks can meet that of a device. */
export const sessionPrefix = (userId: number) => `u${userId}/`;

export function nameOf(identity: Identity): string {
  return identity.kind === 'person' ? identity.user.username : identity.deviceId;
}
