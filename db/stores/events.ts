import { and, desc, eq, gte, inArray, lte, type SQL, sql } from 'drizzle-orm';
import type { Database } from '../client.ts';
import type { EventKind } from '../domain/ports.ts';
import type { Micros } from '../domain/types.ts';
import { events } from '../schema/index.ts';

/** Where a page of events ended. */
export interface EventKey {
  at: Micros;
  id: number;
}

export interface EventFilter {
  deviceId?: string | undefined;
  roomId?: number | undefined;
  actor?: string | undefined;
  /** Any of them, each told once. */
  kinds?: readonly EventKind[] | undefined;
  /** Both ends included. */
  from?: Micros | undefined;
  to?: Micros | undefined;
}

export interface StoredEvent extends Omit<typeof events.$inferSelect, 'at'> {
  at: Micros;
}

// Not as a Date, which ends at the millisecond: a cursor must be compared with what is stored.
const micros = sql`(extract(epoch from ${events.at}) * 1000000)::bigint`.mapWith(Number);
const instant = (at: Micros) => sql`to_timestamp(${String(at)}::text::float8 / 1e6)`;

const { id, kind, actor, deviceId, roomId, detail } = events;
const COLUMNS = { id, at: micros.as('micros'), kind, actor, deviceId, roomId, detail };

function within({ from, to }: EventFilter, before: EventKey | null): SQL | undefined {
  const start = from === undefined ? undefined : gte(events.at, instant(from));
  // One upper bound alone: of two, PostgreSQL 18 may start at the first and step over all that lies between.
  if (before !== null && (to === undefined || before.at <= to))
    return and(
      start,
      sql`(${events.at}, ${id}) < (${instant(before.at)}, ${String(before.id)}::text::bigint)`,
    );
  return and(start, to === undefined ? undefined : lte(events.at, instant(to)));
}

export function createEventStore(db: Database) {
  const newest = (where: SQL | undefined, limit: number) =>
    db.select(COLUMNS).from(events).where(where).orderBy(desc(events.at), desc(id)).limit(limit);

  /** The newest of each kind, then the newest of those: no index has several kinds in the order of time. */
  const newestOfKinds = (kinds: readonly EventKind[], where: SQL | undefined, limit: number) => {
    const each = newest(and(sql`${kind} = wanted.kind`, where), limit).as('each');
    return db
      .select({
        id: each.id,
        at: each.at,
        kind: each.kind,
        actor: each.actor,
        deviceId: each.deviceId,
        roomId: each.roomId,
        detail: each.detail,
      })
      .from(sql`unnest(string_to_array(${kinds.join(',')}::text, ',')) as wanted(kind)`)
      .crossJoinLateral(each)
      .orderBy(desc(each.at), desc(each.id))
      .limit(limit);
  };

  return {
    async insert(rows: (typeof events.$inferInsert)[]): Promise<void> {
      if (rows.length > 0) await db.insert(events).values(rows);
    },

    /** Newest first by time and id, those before `before`. */
    async list(
      filter: EventFilter,
      { limit, before = null }: { limit: number; before?: EventKey | null },
    ): Promise<StoredEvent[]> {
      const one = and(
        filter.deviceId === undefined ? undefined : eq(deviceId, filter.deviceId),
        filter.roomId === undefined ? undefined : eq(roomId, filter.roomId),
        filter.actor === undefined ? undefined : eq(actor, filter.actor),
      );
      const range = within(filter, before);
      const { kinds } = filter;
      if (kinds === undefined) return newest(and(one, range), limit);
      if (one === undefined && kinds.length > 1) return newestOfKinds(kinds, range, limit);
      return newest(and(one, inArray(kind, [...kinds]), range), limit);
    },
  };
}

export type EventStore = ReturnType<typeof createEventStore>;
