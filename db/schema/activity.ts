import { sql } from 'drizzle-orm';
import { bigint, index, integer, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import type { EventDetail, EventKind } from '../domain/ports.ts';
import type { CommandStatus, Value } from '../domain/types.ts';
import { devices, widgets } from './devices.ts';

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 6, mode: 'date' });

export const commands = pgTable(
  'commands',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    correlationId: text('correlation_id').notNull().unique(),
    widgetId: integer('widget_id')
      .notNull()
      .references(() => widgets.id, { onDelete: 'cascade' }),
    devicePk: integer('device_pk')
      .notNull()
      .references(() => devices.pk, { onDelete: 'cascade' }),
    value: jsonb().$type<Value>().notNull(),
    status: text().$type<CommandStatus>().notNull(),
    requestedBy: text('requested_by').notNull(),
    createdAt: instant('created_at').notNull(),
    sentAt: instant('sent_at'),
    finishedAt: instant('finished_at'),
    resultValue: jsonb('result_value').$type<Value>(),
    error: text(),
    /** 32 hex digits: of the request that asked for it (W3C Trace Context). */
    traceId: text('trace_id'),
    /** An answer that came after the command had ended: kept, changes nothing. */
    lateResult: jsonb('late_result').$type<Record<string, unknown>>(),
  },
  (t) => [
    index('commands_open').on(t.id).where(sql`${t.status} in ('queued', 'sent')`),
    index('commands_widget').on(t.widgetId),
    index('commands_device').on(t.devicePk),
  ],
);

export const events = pgTable(
  'events',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    at: instant('at').notNull(),
    kind: text().$type<EventKind>().notNull(),
    /** User name, device id or `system`. */
    actor: text().notNull(),
    deviceId: text('device_id'),
    roomId: integer('room_id'),
    detail: jsonb().$type<EventDetail>().notNull().default({}),
  },
  // Each ends in the order of a page, so that a page is one short scan whatever it is filtered by.
  (t) => [
    index('events_by_time').on(t.at, t.id),
    index('events_by_device').on(t.deviceId, t.at, t.id),
    index('events_by_room').on(t.roomId, t.at, t.id),
    index('events_by_actor').on(t.actor, t.at, t.id),
    index('events_by_kind').on(t.kind, t.at, t.id),
  ],
);

/** Small facts about the installation, such as the time of its newest reading. */
export const meta = pgTable('meta', { key: text().primaryKey(), value: jsonb().notNull() });
