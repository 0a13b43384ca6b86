import {
  bigint,
  doublePrecision,
  integer,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
} from 'drizzle-orm/pg-core';

/**
 * One row a reading. `kind` tells how the value came (see `domain/value-codec.ts`), `num` carries what can be
 * counted, `txt` only what a number cannot give back. No foreign key: a check for each row of the hot path
 * would cost more than the orphans that `purges` removes.
 */
export const readings = pgTable(
  'readings',
  {
    at: timestamp({ withTimezone: true, precision: 6, mode: 'string' }).notNull(),
    num: doublePrecision(),
    seq: bigint({ mode: 'number' }).notNull().default(0),
    widgetId: integer('widget_id').notNull(),
    kind: smallint().notNull(),
    txt: text(),
  },
  (t) => [primaryKey({ columns: [t.widgetId, t.at, t.seq] })],
);

/** Widgets that are gone and whose readings are being removed in small steps. */
export const purges = pgTable('purges', {
  widgetId: integer('widget_id').primaryKey(),
  requestedAt: timestamp('requested_at', { withTimezone: true, precision: 6, mode: 'date' })
    .notNull()
    .defaultNow(),
});
