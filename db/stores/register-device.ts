import { and, eq, gt, isNull, lt, or, sql } from 'drizzle-orm';
import type postgres from 'postgres';
import type { Database } from '../client.ts';
import { DomainError } from '../domain/errors.ts';
import { createSecret, hashSecret } from '../domain/secrets.ts';
import type { Capability, Device, Widget, WidgetStatus } from '../domain/types.ts';
import { devices, enrollments, formerDevices } from '../schema/index.ts';
import { declareCapabilities, type Transaction, widgetTitle } from './capabilities.ts';
import { type DeviceRow, mayReenroll, toDevice } from './device-row.ts';
import { insertNewDevice } from './new-device.ts';
import { isUniqueViolation } from './violations.ts';

/** What a device says of itself; shape and limits are checked before it comes here. */
export interface Registration {
  deviceId: string;
  name: string;
  type: string;
  version: string | null;
  manufacturer: string | null;
  capabilities: Capability[];
}

export interface RegisteredBy {
  enrollmentId: number | null;
  giveSecret: boolean;
  /** It has shown its certificate: from now on no enrolment token opens this id. */
  proven: boolean;
}

export interface Registered {
  device: Device;
  created: boolean;
  /** In clear, to be told once; null when the device keeps the one it has used. */
  secret: string | null;
  /** Of every declared capability, new or not. */
  widgets: Widget[];
  widgetsCreated: number;
}

/** Until then client certificates for this id do not count, whether there is such a device now or not; null: all do. */
export async function formerSince(db: Database | Transaction, deviceId: string): Promise<Date | null> {
  const [row] = await db.select().from(formerDevices).where(eq(formerDevices.deviceId, deviceId));
  return row?.credentialsSince ?? null;
}

export interface StoreOptions {
  defaultWidgetStatus: WidgetStatus;
  /** Milliseconds, as well as they are known; the database goes by the clock of the machine, whatever that says. */
  now?: () => number;
}

/** Adds or updates a device. FORBIDDEN when the enrolment token has no use left, INVALID for too many capabilities. */
export function createRegister(
  { db, sql: client }: { db: Database; sql: postgres.Sql },
  options: StoreOptions,
) {
  const { now = Date.now } = options;
  const useEnrollment = async (tx: Transaction, id: number) => {
    const [row] = await tx
      .update(enrollments)
      .set({ uses: sql`${enrollments.uses} + 1` })
      .where(
        and(
          eq(enrollments.id, id),
          or(isNull(enrollments.maxUses), lt(enrollments.uses, enrollments.maxUses)),
          gt(enrollments.expiresAt, new Date(now())),
        ),
      )
      .returning({ roomId: enrollments.roomId });
    if (row === undefined)
      throw new DomainError('FORBIDDEN', 'the enrolment token is used up or has expired');
    return row.roomId;
  };

  const registerOnce = (registration: Registration, by: RegisteredBy) =>
    db.transaction(async (tx): Promise<Registered> => {
      const { deviceId, name, type, version, manufacturer } = registration;
      const [known] = await tx.select().from(devices).where(eq(devices.deviceId, deviceId)).for('update');
      const unused = known === undefined || known.secretUsedAt === null || mayReenroll(known, now());
      const secret = by.giveSecret && unused ? createSecret() : null;
      const about = { name, type, version, manufacturer };
      const credentials =
        secret === null
          ? {}
          : {
              secretHash: hashSecret(secret),
              secretUsedAt: by.proven ? new Date(now()) : null,
              reenrollUntil: null,
              enrollmentId: by.enrollmentId,
              // What the lost one had does not open it any more, its certificate neither.
              ...(known !== undefined && mayReenroll(known, now()) && { credentialsSince: new Date(now()) }),
            };
      let row: DeviceRow | undefined;
      if (known === undefined) {
        const roomId = by.enrollmentId === null ? null : await useEnrollment(tx, by.enrollmentId);
        [row] = await tx
          .insert(devices)
          .values({
            deviceId,
            ...about,
            ...credentials,
            roomId,
            credentialsSince: await formerSince(tx, deviceId),
          })
          .returning();
      } else {
        // The token that it came with at first is asked for no second use: its answer may have been lost.
        const { enrollmentId } = by;
        if (secret !== null && enrollmentId !== null && enrollmentId !== known.enrollmentId) {
          await useEnrollment(tx, enrollmentId);
        }
        [row] = await tx
          .update(devices)
          .set({ ...about, ...credentials })
          .where(eq(devices.pk, known.pk))
          .returning();
      }
      if (row === undefined) throw new Error('the device row was neither inserted nor updated');
      const declared = await declareCapabilities(tx, {
        devicePk: row.pk,
        declared: registration.capabilities,
        replace: true,
        status: options.defaultWidgetStatus,
      });
      return { device: toDevice(row), created: known === undefined, secret, ...declared };
    });

  const registerNew = async (
    { capabilities: declared, ...about }: Registration,
    by: RegisteredBy,
  ): Promise<Registered | null> => {
    const secret = by.giveSecret ? createSecret() : null;
    const made = await insertNewDevice(client, {
      ...about,
      secretHash: secret === null ? null : hashSecret(secret),
      secretUsed: by.proven,
      enrollmentId: by.enrollmentId,
      capabilities: declared.map((capability) => ({
        ...capability,
        title: widgetTitle(capability),
      })),
      widgetStatus: options.defaultWidgetStatus,
      at: new Date(now()),
    });
    return made === null ? null : { ...made, created: true, secret, widgetsCreated: made.widgets.length };
  };

  return async (registration: Registration, by: RegisteredBy): Promise<Registered> => {
    const made = await registerNew(registration, by);
    if (made !== null) return made;
    try {
      return await registerOnce(registration, by);
    } catch (error) {
      // Two first registrations of one id at once: the loser is now a registration of a known device.
      if (isUniqueViolation(error)) return registerOnce(registration, by);
      throw error;
    }
  };
}
