import { eq } from 'drizzle-orm';
import type { Database } from '../client.ts';
import { DomainError } from '../domain/errors.ts';
import type { Room } from '../domain/types.ts';
import { rooms } from '../schema/index.ts';
import { isUniqueViolation } from './violations.ts';

const taken = (error: unknown): unknown =>
  isUniqueViolation(error)
    ? new DomainError('CONFLICT', 'a room of this name exists', { cause: error })
    : error;

export function createRoomStore(db: Database) {
  return {
    /** CONFLICT when the name is taken. */
    async create(name: string): Promise<Room> {
      try {
        const [row] = await db.insert(rooms).values({ name }).returning();
        if (row === undefined) throw new Error('the room row was not inserted');
        return { id: row.id, name: row.name };
      } catch (error) {
        throw taken(error);
      }
    },
    /** Errors: NOT_FOUND, CONFLICT. */
    async rename(id: number, name: string): Promise<Room> {
      try {
        const [row] = await db.update(rooms).set({ name }).where(eq(rooms.id, id)).returning();
        if (row === undefined) throw new DomainError('NOT_FOUND', 'no such room');
        return { id: row.id, name: row.name };
      } catch (error) {
        throw taken(error);
      }
    },
    /** Its devices stay, without a room. */
    async remove(id: number): Promise<void> {
      const rows = await db.delete(rooms).where(eq(rooms.id, id)).returning({ id: rooms.id });
      if (rows.length === 0) throw new DomainError('NOT_FOUND', 'no such room');
    },
  };
}

export type RoomStore = ReturnType<typeof createRoomStore>;
