import {
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  timestamp,
  unique,
} from 'drizzle-orm/pg-core';
import type { ControlType, LastError, WidgetStatus } from '../domain/types.ts';
import { enrollments } from './accounts.ts';
import { rooms } from './rooms.ts';

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 6, mode: 'date' });

export const devices = pgTable(
  'devices',
  {
    pk: integer().primaryKey().generatedAlwaysAsIdentity(),
    deviceId: text('device_id').notNull().unique(),
    name: text().notNull(),
    type: text().notNull(),
    version: text(),
    manufacturer: text(),
    roomId: integer('room_id').references(() => rooms.id, { onDelete: 'set null' }),
    /** SHA-256 of the 256-bit device secret, hex; null while `open` enrolment never gave one out. */
    secretHash: text('secret_hash'),
    /** Set by the first login with the secret: from then on no enrolment token opens this id. */
    secretUsedAt: instant('secret_used_at'),
    enrollmentId: integer('enrollment_id').references(() => enrollments.id, { onDelete: 'set null' }),
    /** Until then a person lets it enrol once more, though its secret has been used. */
    reenrollUntil: instant('reenroll_until'),
    /** Client certificates that were issued before do not count. */
    credentialsSince: instant('credentials_since'),
    revokedAt: instant('revoked_at'),
    lastHeartbeat: instant('last_heartbeat'),
    lastError: jsonb('last_error').$type<LastError>(),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (t) => [index('devices_room').on(t.roomId)],
);

/** Devices that were removed: what let them in before does not let in whoever takes their id. */
export const formerDevices = pgTable('former_devices', {
  deviceId: text('device_id').primaryKey(),
  /** Client certificates that were issued before do not count. */
  credentialsSince: instant('credentials_since').notNull(),
});

export const capabilities = pgTable(
  'capabilities',
  {
    id: integer().primaryKey().generatedAlwaysAsIdentity(),
    devicePk: integer('device_pk')
      .notNull()
      .references(() => devices.pk, { onDelete: 'cascade' }),
    capabilityType: text('capability_type').notNull(),
    controlType: text('control_type').$type<ControlType>().notNull(),
    min: doublePrecision(),
    max: doublePrecision(),
    unit: text(),
    options: jsonb().$type<string[]>(),
  },
  (t) => [unique('capabilities_identity').on(t.devicePk, t.capabilityType, t.controlType)],
);

export const widgets = pgTable(
  'widgets',
  {
    id: integer().primaryKey().generatedAlwaysAsIdentity(),
    devicePk: integer('device_pk')
      .notNull()
      .references(() => devices.pk, { onDelete: 'cascade' }),
    capabilityId: integer('capability_id')
      .notNull()
      .unique()
      .references(() => capabilities.id, { onDelete: 'cascade' }),
    name: text().notNull(),
    order: integer('sort_order').notNull().default(0),
    status: text().$type<WidgetStatus>().notNull(),
  },
  (t) => [index('widgets_device').on(t.devicePk)],
);
