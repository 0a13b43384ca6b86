import { and, eq, gt, isNull, lt, or, sql } from 'drizzle-orm';
import type postgres from 'postgres';
import type { Database } from '../client.ts';
import { DomainError } from '../domain/errors.ts';
import { createSecret, hashSecret } from '../domain/secrets.ts';
import type { Capability, Device, Widget, WidgetStatus } from '../domain/types.ts';
import { devices, enrollments, formerDevices, purges, widgets } from '../schema/index.ts';
import { declareCapabilities, type Transaction, widgetTitle } from './capabilities.ts';
import { insertNewDevice } from './new-device.ts';
import { isForeignKeyViolation, isUniqueViolation } from './violations.ts';

export type DeviceRow = typeof devices.$inferSelect;

export function toDevice(row: DeviceRow): Device {
  const { pk, deviceId, name, type, version, manufacturer, roomId, createdAt, lastHeartbeat, lastError } =
    row;
  const revoked = row.revokedAt !== null;
  return {
    pk,
    deviceId,
    name,
    type,
    version,
    manufacturer,
    roomId,
    createdAt,
    revoked,
    lastHeartbeat,
    lastError,
  };
}

/** Has a person allowed it to enrol once more? */
export const mayReenroll = ({ reenrollUntil }: DeviceRow): boolean =>
  reenrollUntil !== null && reenrollUntil.getTime() > Date.now();

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

export function createDeviceStore(
  { db, sql: client }: { db: Database; sql: postgres.Sql },
  options: { defaultWidgetStatus: WidgetStatus },
) {
  const useEnrollment = async (tx: Transaction, id: number) => {
    const [row] = await tx
      .update(enrollments)
      .set({ uses: sql`${enrollments.uses} + 1` })
      .where(
        and(
          eq(enrollments.id, id),
          or(isNull(enrollments.maxUses), lt(enrollments.uses, enrollments.maxUses)),
          gt(enrollments.expiresAt, new Date()),
        ),
      )
      .returning({ roomId: enrollments.roomId });
    if (row === undefined)
      throw new DomainError('FORBIDDEN', 'the enrolment token is used up or has expired');
    return row.roomId;
  };

  const formerSince = async (tx: Database | Transaction, deviceId: string): Promise<Date | null> => {
    const [row] = await tx.select().from(formerDevices).where(eq(formerDevices.deviceId, deviceId));
    return row?.credentialsSince ?? null;
  };

  const registerOnce = (registration: Registration, by: RegisteredBy) =>
    db.transaction(async (tx): Promise<Registered> => {
      const { deviceId, name, type, version, manufacturer } = registration;
      const [known] = await tx.select().from(devices).where(eq(devices.deviceId, deviceId)).for('update');
      const unused = known === undefined || known.secretUsedAt === null || mayReenroll(known);
      const secret = by.giveSecret && unused ? createSecret() : null;
      const about = { name, type, version, manufacturer };
      const credentials =
        secret === null
          ? {}
          : {
              secretHash: hashSecret(secret),
              secretUsedAt: by.proven ? new Date() : null,
              reenrollUntil: null,
              enrollmentId: by.enrollmentId,
              // What the lost one had does not open it any more, its certificate neither.
              ...(known !== undefined && mayReenroll(known) && { credentialsSince: new Date() }),
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
    });
    return made === null ? null : { ...made, created: true, secret, widgetsCreated: made.widgets.length };
  };

  const change = async (pk: number, set: Partial<typeof devices.$inferInsert>): Promise<Device> => {
    const [row] = await db.update(devices).set(set).where(eq(devices.pk, pk)).returning();
    if (row === undefined) throw new DomainError('NOT_FOUND', 'no such device');
    return toDevice(row);
  };

  return {
    async find(deviceId: string): Promise<DeviceRow | null> {
      const [row] = await db.select().from(devices).where(eq(devices.deviceId, deviceId));
      return row ?? null;
    },

    /** Until then client certificates for this id do not count, though there is no such device now; null: all do. */
    formerSince: (deviceId: string) => formerSince(db, deviceId),

    /** Adds or updates a device. FORBIDDEN when the enrolment token has no use left, INVALID for too many capabilities. */
    async register(registration: Registration, by: RegisteredBy): Promise<Registered> {
      const made = await registerNew(registration, by);
      if (made !== null) return made;
      try {
        return await registerOnce(registration, by);
      } catch (error) {
        // Two first registrations of one id at once: the loser is now a registration of a known device.
        if (isUniqueViolation(error)) return registerOnce(registration, by);
        throw error;
      }
    },

    /** Adds one capability that a reading brought along; gives its widget. */
    async declare(devicePk: number, capability: Capability): Promise<Widget> {
      const { widgets: made } = await db.transaction((tx) =>
        declareCapabilities(tx, {
          devicePk,
          declared: [capability],
          replace: false,
          status: options.defaultWidgetStatus,
        }),
      );
      const [widget] = made;
      if (widget === undefined) throw new DomainError('INVALID', 'a heartbeat has no widget');
      return widget;
    },

    /** From the first use on, no enrolment token opens this id. */
    async markSecretUsed(pk: number): Promise<void> {
      await db
        .update(devices)
        .set({ secretUsedAt: new Date() })
        .where(and(eq(devices.pk, pk), isNull(devices.secretUsedAt)));
    },

    rename: (pk: number, name: string) => change(pk, { name }),
    /** NOT_FOUND when the device or the room is gone. */
    setRoom: (pk: number, roomId: number | null) =>
      change(pk, { roomId }).catch((error: unknown) => {
        throw isForeignKeyViolation(error) ? new DomainError('NOT_FOUND', 'no such room') : error;
      }),
    revoke: (pk: number) => change(pk, { revokedAt: new Date(), reenrollUntil: null }),
    /** Lets a device whose secret has been used enrol once more until then; null takes that back. */
    allowReenroll: (pk: number, until: Date | null) => change(pk, { reenrollUntil: until }),

    /** A new secret in place of the old one and of every client certificate, told once; lifts a revocation. */
    async renewSecret(pk: number): Promise<{ device: Device; secret: string }> {
      const secret = createSecret();
      const now = new Date();
      const credentials = {
        secretHash: hashSecret(secret),
        secretUsedAt: now,
        credentialsSince: now,
        revokedAt: null,
        reenrollUntil: null,
      };
      return { device: await change(pk, credentials), secret };
    },

    /** Removes a device with its widgets and commands; its readings go in small steps afterwards. */
    async remove(pk: number): Promise<void> {
      await db.transaction(async (tx) => {
        await tx
          .insert(purges)
          .select(
            tx
              .select({ widgetId: widgets.id, requestedAt: sql<Date>`now()`.as('requested_at') })
              .from(widgets)
              .where(eq(widgets.devicePk, pk)),
          )
          .onConflictDoNothing();
        const [row] = await tx
          .delete(devices)
          .where(eq(devices.pk, pk))
          .returning({ deviceId: devices.deviceId });
        if (row === undefined) throw new DomainError('NOT_FOUND', 'no such device');
        const credentialsSince = new Date();
        await tx
          .insert(formerDevices)
          .values({ ...row, credentialsSince })
          .onConflictDoUpdate({ target: formerDevices.deviceId, set: { credentialsSince } });
      });
    },
  };
}

export type DeviceStore = ReturnType<typeof createDeviceStore>;
