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
  | { kind: 'person'; user: User };

export function nameOf(identity: Identity): string {
  return identity.kind === 'person' ? identity.user.username : identity.deviceId;
}
