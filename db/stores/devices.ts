import { and, eq, isNull, sql } from 'drizzle-orm';
import type postgres from 'postgres';
import { arrayLiteral, quoted } from '../array-literals.ts';
import type { Database } from '../client.ts';
import { DomainError } from '../domain/errors.ts';
import { createSecret, hashSecret } from '../domain/secrets.ts';
import type { Capability, Device, Widget } from '../domain/types.ts';
import { devices, formerDevices, purges, widgets } from '../schema/index.ts';
import { declareCapabilities } from './capabilities.ts';
import { type DeviceRow, toDevice } from './device-row.ts';
import { createLookUps } from './look-ups.ts';
import { insertNewDevice } from './new-device.ts';
import { createRegister, formerSince, type StoreOptions } from './register-device.ts';
import { isForeignKeyViolation } from './violations.ts';

/** What a device is said to be until it registers and tells. */
const IMPORTED_TYPE = 'imported';

export function createDeviceStore(
  { db, sql: client }: { db: Database; sql: postgres.Sql },
  options: StoreOptions,
) {
  const date = () => new Date((options.now ?? Date.now)());
  const change = async (pk: number, set: Partial<typeof devices.$inferInsert>): Promise<Device> => {
    const [row] = await db.update(devices).set(set).where(eq(devices.pk, pk)).returning();
    if (row === undefined) throw new DomainError('NOT_FOUND', 'no such device');
    return toDevice(row);
  };

  const find = createLookUps<DeviceRow>(async (deviceIds) => {
    const listed = sql`${devices.deviceId} = any(${arrayLiteral(deviceIds.map(quoted))}::text::text[])`;
    const rows = await db.select().from(devices).where(listed);
    return new Map(rows.map((row) => [row.deviceId, row]));
  });

  return {
    find,

    /** Until then client certificates for this id do not count, though there is no such device now; null: all do. */
    formerSince: (deviceId: string) => formerSince(db, deviceId),

    register: createRegister({ db, sql: client }, options),

    /** Makes a device before it has come itself: without a secret, so that it may enrol later. null: it exists. */
    async create(deviceId: string): Promise<Device | null> {
      const made = await insertNewDevice(client, {
        deviceId,
        name: deviceId,
        type: IMPORTED_TYPE,
        version: null,
        manufacturer: null,
        secretHash: null,
        secretUsed: false,
        enrollmentId: null,
        capabilities: [],
        widgetStatus: options.defaultWidgetStatus,
        at: date(),
      });
      return made?.device ?? null;
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
        .set({ secretUsedAt: date() })
        .where(and(eq(devices.pk, pk), isNull(devices.secretUsedAt)));
    },

    rename: (pk: number, name: string) => change(pk, { name }),
    /** NOT_FOUND when the device or the room is gone. */
    setRoom: (pk: number, roomId: number | null) =>
      change(pk, { roomId }).catch((error: unknown) => {
        throw isForeignKeyViolation(error) ? new DomainError('NOT_FOUND', 'no such room') : error;
      }),
    revoke: (pk: number) => change(pk, { revokedAt: date(), reenrollUntil: null }),
    /** Lets a device whose secret has been used enrol once more until then; null takes that back. */
    allowReenroll: (pk: number, until: Date | null) => change(pk, { reenrollUntil: until }),

    /** A new secret in place of the old one and of every client certificate, told once; lifts a revocation. */
    async renewSecret(pk: number): Promise<{ device: Device; secret: string }> {
      const secret = createSecret();
      const now = date();
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
        const credentialsSince = date();
        await tx
          .insert(formerDevices)
          .values({ ...row, credentialsSince })
          .onConflictDoUpdate({ target: formerDevices.deviceId, set: { credentialsSince } });
      });
    },
  };
}

export type DeviceStore = ReturnType<typeof createDeviceStore>;
