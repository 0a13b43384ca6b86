import { bigint, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 6, mode: 'date' });

/** Leases of running nodes: whoever has not renewed its own for some seconds counts as dead. */
export const nodes = pgTable('nodes', {
  /** Made anew at each start. */
  id: text().primaryKey(),
  /** For people. */
  name: text().notNull(),
  startedAt: instant('started_at').notNull().defaultNow(),
  heardAt: instant('heard_at').notNull().defaultNow(),
  /** What nodes of one cluster must have in common, as it may be shown: see `Identity` in `db/cluster/nodes.ts`. */
  identity: jsonb().$type<Record<string, string>>().notNull(),
  /** What the page of the system shows of it. */
  report: jsonb().$type<Record<string, unknown>>().notNull(),
});

/** Notices that a node must deal with although it could not listen when they were given; for an hour. */
export const keptNotices = pgTable('kept_notices', {
  id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  at: instant('at').notNull().defaultNow(),
  /** Its kind and body. */
  entry: jsonb().$type<readonly [string, unknown]>().notNull(),
});
