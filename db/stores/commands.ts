import { and, asc, eq, inArray } from 'drizzle-orm';
import type { Database } from '../client.ts';
import type { Command, CommandStatus, Value } from '../domain/types.ts';
import { commands } from '../schema/index.ts';

const OPEN: CommandStatus[] = ['queued', 'sent'];

function toCommand({ lateResult: _, ...command }: typeof commands.$inferSelect): Command {
  return command;
}

export function createCommandStore(db: Database) {
  const one = (rows: (typeof commands.$inferSelect)[]): Command | null => {
    const [row] = rows;
    return row === undefined ? null : toCommand(row);
  };

  return {
    async insert(command: typeof commands.$inferInsert): Promise<Command> {
      const made = one(await db.insert(commands).values(command).returning());
      if (made === null) throw new Error('the command row was not inserted');
      return made;
    },
    async find(id: number): Promise<Command | null> {
      return one(await db.select().from(commands).where(eq(commands.id, id)));
    },
    async findAll(ids: readonly number[]): Promise<Command[]> {
      const rows = await db
        .select()
        .from(commands)
        .where(inArray(commands.id, [...ids]));
      return rows.map(toCommand);
    },
    async countQueued(devicePk: number): Promise<number> {
      return db.$count(commands, and(eq(commands.devicePk, devicePk), eq(commands.status, 'queued')));
    },
    async findByCorrelation(correlationId: string): Promise<Command | null> {
      return one(await db.select().from(commands).where(eq(commands.correlationId, correlationId)));
    },
    /** Queued and sent ones, oldest first. */
    async open(): Promise<Command[]> {
      const rows = await db
        .select()
        .from(commands)
        .where(inArray(commands.status, OPEN))
        .orderBy(asc(commands.id));
      return rows.map(toCommand);
    },
    /** Moves a command on, if it is still in `from`; null when it is not. */
    async move(
      id: number,
      from: CommandStatus[],
      to: {
        status: CommandStatus;
        sentAt?: Date | null;
        finishedAt?: Date;
        resultValue?: Value | null;
        error?: string | null;
      },
    ): Promise<Command | null> {
      return one(
        await db
          .update(commands)
          .set(to)
          .where(and(eq(commands.id, id), inArray(commands.status, from)))
          .returning(),
      );
    },
    async keepLate(id: number, result: Record<string, unknown>): Promise<void> {
      await db.update(commands).set({ lateResult: result }).where(eq(commands.id, id));
    },
  };
}

export type CommandStore = ReturnType<typeof createCommandStore>;
