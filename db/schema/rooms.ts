import { integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

export const rooms = pgTable('rooms', {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  name: text().notNull().unique(),
  createdAt: timestamp('created_at', { withTimezone: true, precision: 6, mode: 'date' })
    .notNull()
    .defaultNow(),
});
