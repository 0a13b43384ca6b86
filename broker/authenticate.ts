import { isDeviceId } from '../db/domain/device-id.ts';
import type { Accounts } from '../db/domain/ports.ts';
import { looksLikeSecret, matchesSecret } from '../db/domain/secrets.ts';
import type { LiveState } from '../db/live-state/types.ts';
import { type DeviceRow, mayReenroll } from '../db/stores/device-row.ts';
import type { DeviceStore } from '../db/stores/devices.ts';
import type { ConnectionInfo } from './connection.ts';
import type { Enrolment, Identity } from './identity.ts';

/** CONNACK return codes of MQTT 3.1.1, section 3.2.2.3. */
export const CONNACK = { identifier: 2, unavailable: 3, credentials: 4, notAuthorized: 5 } as const;
export type ConnackCode = (typeof CONNACK)[keyof typeof CONNACK];

export interface Login {
  clientId: string;
  username: string | null;
  password: string | null;
  connection: ConnectionInfo;
}

export type LoginOutcome =
  | { identity: Identity }
  /**
   * `event`: what it is to be told as, where nobody has told it yet. A `login_failed` (wrong credentials) is counted
   * against whoever tries.
   */
  | { refuse: ConnackCode; why: string; event?: 'login_failed' | 'denied' };

export interface AuthenticateDeps {
  live: LiveState;
  devices: Pick<DeviceStore, 'find' | 'formerSince' | 'markSecretUsed'>;
  /** The enrolment of a token that may still be used; `usedBefore`: of the one that let this device in once. */
  findEnrollment(token: string, usedBefore: number | null): Promise<{ id: number } | null>;
  accounts: Accounts;
  enrollmentMode: 'open' | 'token' | 'closed';
  now: () => number;
  /** Other nodes may have made a device that is not known here; null: there is none. */
  others: { findDevice(deviceId: string): Promise<void> } | null;
}

const WRONG: LoginOutcome = {
  refuse: CONNACK.credentials,
  why: 'wrong credentials',
  event: 'login_failed',
};
const REVOKED: LoginOutcome = {
  refuse: CONNACK.notAuthorized,
  why: 'the device is revoked',
  event: 'denied',
};

const WITHOUT_PROOF: Enrolment = { id: null, certified: false };
const OUTDATED: LoginOutcome = {
  refuse: CONNACK.notAuthorized,
  why: 'the certificate is older than the secret of the device',
  event: 'denied',
};

/** Who connects. Contract, section 3. Errors of the database are thrown. */
export function createAuthenticate(deps: AuthenticateDeps) {
  const { live, devices, findEnrollment, accounts, enrollmentMode, now, others } = deps;

  const enrolling = (deviceId: string, enrolment: Enrolment): LoginOutcome => ({
    identity: { kind: 'enrolling', deviceId, enrolment },
  });

  /** `enrolment`: it may be given a (new) secret when it registers. */
  const known = async (row: DeviceRow, enrolment: Enrolment | null): Promise<LoginOutcome> => {
    if (live.deviceByPk(row.pk) === undefined) await others?.findDevice(row.deviceId);
    const device = live.deviceByPk(row.pk);
    if (device === undefined) return { refuse: CONNACK.unavailable, why: 'the device is being removed' };
    return { identity: { kind: 'device', deviceId: row.deviceId, device, enrolment } };
  };

  /** Whoever could make the certificate has let this id in, however devices enrol otherwise. */
  const withCertificate = async (
    row: DeviceRow | null,
    deviceId: string,
    issuedAt: number,
  ): Promise<LoginOutcome> => {
    if (row?.revokedAt) return REVOKED;
    const since = row === null ? await devices.formerSince(deviceId) : row.credentialsSince;
    if (since !== null && issuedAt < since.getTime()) return OUTDATED;
    if (row === null) return enrolling(deviceId, { id: null, certified: true });
    if (row.secretUsedAt === null) await devices.markSecretUsed(row.pk);
    return known(row, null);
  };

  const withoutPassword = async (row: DeviceRow | null, deviceId: string): Promise<LoginOutcome> => {
    if (enrollmentMode !== 'open') return { refuse: CONNACK.credentials, why: 'a password is required' };
    if (row === null) return enrolling(deviceId, WITHOUT_PROOF);
    if (row.revokedAt !== null) return REVOKED;
    if (row.secretUsedAt === null || mayReenroll(row, now())) return known(row, WITHOUT_PROOF);
    return { refuse: CONNACK.credentials, why: 'the device has a secret' };
  };

  const withSecret = async (row: DeviceRow): Promise<LoginOutcome> => {
    if (row.revokedAt !== null) return REVOKED;
    if (row.secretUsedAt === null) await devices.markSecretUsed(row.pk);
    return known(row, null);
  };

  const withToken = async (row: DeviceRow | null, deviceId: string, token: string): Promise<LoginOutcome> => {
    if (enrollmentMode === 'closed') return WRONG;
    const enrolment = await findEnrollment(token, row?.enrollmentId ?? null);
    if (enrolment === null) return WRONG;
    if (row?.revokedAt) return REVOKED;
    if (row?.secretUsedAt && !mayReenroll(row, now())) {
      return {
        refuse: CONNACK.notAuthorized,
        why: 'the device has its secret and may not enrol again',
        event: 'denied',
      };
    }
    return enrolling(deviceId, { id: enrolment.id, certified: false });
  };

  const asPerson = async (username: string, password: string, address: string): Promise<LoginOutcome> => {
    const result = await accounts.authenticate({ username, password, address });
    if (result.ok) return { identity: { kind: 'person', user: result.user, token: result.token } };
    if (result.reason === 'invalid') return { refuse: CONNACK.credentials, why: 'wrong credentials' };
    return { refuse: CONNACK.unavailable, why: 'too many failed log-ins' };
  };

  return async ({ clientId, username, password, connection }: Login): Promise<LoginOutcome> => {
    const { address, certificate } = connection;
    const isDevice = isDeviceId(clientId) && (username === null || username === clientId);
    if (!isDevice) {
      if (username === null) {
        return isDeviceId(clientId)
          ? WRONG
          : { refuse: CONNACK.identifier, why: 'the client id is no device id' };
      }
      if (password === null) return { refuse: CONNACK.credentials, why: 'a password is required' };
      // Told to whoever reads the log; a stranger must not learn which devices there are.
      if (looksLikeSecret(password)) return { ...WRONG, why: 'the client id of a device is its device id' };
      return asPerson(username, password, address);
    }
    const row = await devices.find(clientId);
    if (certificate?.name === clientId && !password) {
      return withCertificate(row, clientId, certificate.issuedAt);
    }
    if (!password) return withoutPassword(row, clientId);
    if (row !== null && matchesSecret(password, row.secretHash)) return withSecret(row);
    // A person may use a client id that equals the user name. No password has the form of a secret.
    if (!looksLikeSecret(password)) return asPerson(clientId, password, address);
    return withToken(row, clientId, password);
  };
}
