import { and, desc, eq, lt } from 'drizzle-orm';
import type { Database } from '../client.ts';
import { events } from '../schema/index.ts';

export type StoredEvent = typeof events.$inferSelect;

export function createEventStore(db: Database) {
  return {
    async insert(rows: (typeof events.$inferInsert)[]): Promise<void> {
      if (rows.length > 0) await db.insert(events).values(rows);
    },
    /** Newest first, those before `beforeId`. */
    async list(filter: {
      deviceId?: string | undefined;
      beforeId?: number | undefined;
      limit: number;
    }): Promise<StoredEvent[]> {
      const { deviceId, beforeId, limit } = filter;
      return db
        .select()
        .from(events)
        .where(
          and(
            deviceId === undefined ? undefined : eq(events.deviceId, deviceId),
            beforeId === undefined ? undefined : lt(events.id, beforeId),
          ),
        )
        .orderBy(desc(events.id))
        .limit(limit);
    },
  };
}

export type EventStore = ReturnType<typeof createEventStore>;
