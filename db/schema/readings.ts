import {
  bigint,
  customType,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
} from 'drizzle-orm/pg-core';

/** Text, since the driver would cut a Date to milliseconds. */
const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 6, mode: 'string' });
const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

/**
 * One row a reading. `kind` tells how the value came (see `domain/value-codec.ts`), `num` carries what can be
 * counted, `txt` only what a number cannot give back. No foreign key: a check for each row of the hot path
 * would cost more than the orphans that `purges` removes. Partitioned by day (UTC) of `at`.
 */
export const readings = pgTable(
  'readings',
  {
    at: instant('at').notNull(),
    num: doublePrecision(),
    seq: bigint({ mode: 'number' }).notNull().default(0),
    widgetId: integer('widget_id').notNull(),
    kind: smallint().notNull(),
    txt: text(),
  },
  (t) => [primaryKey({ columns: [t.widgetId, t.at, t.seq] })],
);

/** Readings of days that are over, packed: see `history/codec/chunk.ts`. Partitioned by day of `hour`. */
export const chunks = pgTable(
  'chunks',
  {
    hour: instant('hour').notNull(),
    widgetId: integer('widget_id').notNull(),
    count: integer().notNull(),
    part: smallint().notNull(),
    /** Seconds of the hour in which its first and its last reading lie. */
    firstSecond: smallint('first_second').notNull(),
    lastSecond: smallint('last_second').notNull(),
    keys: bytea().notNull(),
    vals: bytea().notNull(),
  },
  (t) => [primaryKey({ columns: [t.widgetId, t.hour, t.part] })],
);

/** The minutes of an hour in one value: see `history/codec/minutes.ts`. Partitioned by month of `hour`. */
export const minuteRollups = pgTable(
  'minute_rollups',
  {
    hour: instant('hour').notNull(),
    widgetId: integer('widget_id').notNull(),
    minutes: bytea().notNull(),
  },
  (t) => [primaryKey({ columns: [t.widgetId, t.hour] })],
);

/** What an hour's readings of a widget come to. Partitioned by year of `hour`. */
export const hourRollups = pgTable(
  'hour_rollups',
  {
    hour: instant('hour').notNull(),
    widgetId: integer('widget_id').notNull(),
    count: integer().notNull(),
    numbers: integer().notNull(),
    kind: smallint().notNull(),
    min: doublePrecision(),
    max: doublePrecision(),
    avg: doublePrecision(),
    /** The last value, with `kind` and `txt` as in `readings`. */
    num: doublePrecision(),
    txt: text(),
    /** Microseconds by state, for texts and booleans; `lead` and `other` as in `history/summary.ts`. */
    states: jsonb().$type<{ lead: number; other: number; times: [string, number][] }>(),
  },
  (t) => [primaryKey({ columns: [t.widgetId, t.hour] })],
);

/** Hours of widgets whose summaries are to be made again: a reading came after they had been made. */
export const lateHours = pgTable(
  'late_hours',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    hour: instant('hour').notNull(),
    widgetId: integer('widget_id').notNull(),
  },
  (t) => [index('late_hours_widget').on(t.widgetId, t.hour)],
);

/** The newest reading of each widget among those that have been packed, for the start of the program. */
export const lastValues = pgTable('last_values', {
  at: instant('at').notNull(),
  num: doublePrecision(),
  seq: bigint({ mode: 'number' }).notNull(),
  widgetId: integer('widget_id').primaryKey(),
  kind: smallint().notNull(),
  txt: text(),
});

/** One row: how far the keeping of history has come. See `history/state.ts`. */
export const historyState = pgTable('history_state', {
  id: smallint().primaryKey(),
  version: bigint({ mode: 'number' }).notNull(),
  claimedBefore: instant('claimed_before').notNull(),
  rolledBefore: instant('rolled_before').notNull(),
  rawFrom: instant('raw_from').notNull(),
  minutesFrom: instant('minutes_from').notNull(),
});

/** Widgets that are gone and whose readings are being removed in small steps. */
export const purges = pgTable('purges', {
  widgetId: integer('widget_id').primaryKey(),
  requestedAt: timestamp('requested_at', { withTimezone: true, precision: 6, mode: 'date' })
    .notNull()
    .defaultNow(),
});
