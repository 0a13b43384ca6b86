import { and, asc, count, eq, lt, ne, sql } from 'drizzle-orm';
import type { Database } from '../client.ts';
import { DomainError } from '../domain/errors.ts';
import type { TokenRef } from '../domain/ports.ts';
import type { Acl, Role, User } from '../domain/types.ts';
import { revokedTokens, userRooms, users } from '../schema/index.ts';
import { isForeignKeyViolation, isUniqueViolation } from './violations.ts';

/** A user with what log-in needs and nobody is told. */
export interface Account {
  user: User;
  passwordHash: string;
  tokenVersion: number;
  /** `jti` of the token that outlived the last password change. */
  keptToken: string | null;
}

export interface NewUser {
  username: string;
  passwordHash: string;
  name: string | null;
  role: Role;
  acl: Acl;
  roomIds: readonly number[];
  mustChangePassword?: boolean;
}

export interface UserChange {
  name?: string | null;
  role?: Role;
  acl?: Acl;
  roomIds?: readonly number[];
  passwordHash?: string;
  mustChangePassword?: boolean;
}

type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0];

export function createUserStore(db: Database) {
  const grant = async (tx: Transaction, userId: number, roomIds: readonly number[]) => {
    await tx.delete(userRooms).where(eq(userRooms.userId, userId));
    if (roomIds.length === 0) return;
    await tx.insert(userRooms).values([...new Set(roomIds)].map((roomId) => ({ userId, roomId })));
  };

  /** Two admins must not remove each other at once: the row locks make the second wait. */
  const keepAnAdmin = async (tx: Transaction, id: number) => {
    await tx.select({ id: users.id }).from(users).where(eq(users.role, 'ADMIN')).for('update');
    const [others] = await tx
      .select({ number: count() })
      .from(users)
      .where(and(eq(users.role, 'ADMIN'), ne(users.id, id)));
    if ((others?.number ?? 0) === 0) throw new DomainError('CONFLICT', 'the last admin cannot be removed');
  };

  const told = (error: unknown): unknown => {
    if (isUniqueViolation(error))
      return new DomainError('CONFLICT', 'this username is taken', { cause: error });
    if (isForeignKeyViolation(error))
      return new DomainError('INVALID', 'room_ids: no such room', { cause: error });
    return error;
  };

  return {
    async all(): Promise<Account[]> {
      const rows = await db.select().from(users).orderBy(asc(users.id));
      const grants = await db.select().from(userRooms);
      return rows.map(({ passwordHash, tokenVersion, keptToken, ...user }) => ({
        user: {
          ...user,
          roomIds: new Set(grants.filter(({ userId }) => userId === user.id).map(({ roomId }) => roomId)),
        },
        passwordHash,
        tokenVersion,
        keptToken,
      }));
    },

    /** Gives the new id. Errors: CONFLICT (name taken), INVALID (no such room). */
    async create({ roomIds, ...values }: NewUser): Promise<number> {
      try {
        return await db.transaction(async (tx) => {
          const [row] = await tx.insert(users).values(values).returning({ id: users.id });
          if (row === undefined) throw new Error('the user row was not inserted');
          await grant(tx, row.id, roomIds);
          return row.id;
        });
      } catch (error) {
        throw told(error);
      }
    },

    /** Errors: NOT_FOUND, CONFLICT (the last admin), INVALID (no such room). */
    async update(id: number, { roomIds, ...change }: UserChange): Promise<void> {
      try {
        await db.transaction(async (tx) => {
          const [known] = await tx.select().from(users).where(eq(users.id, id)).for('update');
          if (known === undefined) throw new DomainError('NOT_FOUND', 'no such user');
          if (known.role === 'ADMIN' && change.role !== undefined && change.role !== 'ADMIN')
            await keepAnAdmin(tx, id);
          const ended =
            change.passwordHash === undefined
              ? {}
              : { tokenVersion: known.tokenVersion + 1, keptToken: null };
          if (Object.keys(change).length > 0)
            await tx
              .update(users)
              .set({ ...change, ...ended })
              .where(eq(users.id, id));
          if (roomIds !== undefined) await grant(tx, id, roomIds);
        });
      } catch (error) {
        throw told(error);
      }
    },

    /** Chosen by the person. Ends every token but `keptToken`. */
    async setPassword(account: Account, passwordHash: string, keptToken: string): Promise<void> {
      await db
        .update(users)
        .set({
          ...{ passwordHash, keptToken },
          tokenVersion: account.tokenVersion + 1,
          mustChangePassword: false,
        })
        .where(eq(users.id, account.user.id));
    },

    /** `jti` of every token that was logged out and has not expired. */
    async revokedTokens(): Promise<string[]> {
      const rows = await db.select({ id: revokedTokens.tokenId }).from(revokedTokens);
      return rows.map(({ id }) => id);
    },

    /** Forgets those that have expired meanwhile. */
    async revokeToken({ id: tokenId, expiresAt }: TokenRef): Promise<void> {
      await db.delete(revokedTokens).where(lt(revokedTokens.expiresAt, sql`now()`));
      await db
        .insert(revokedTokens)
        .values({ tokenId, expiresAt: new Date(expiresAt) })
        .onConflictDoNothing();
    },

    /** Errors: NOT_FOUND, CONFLICT (the last admin). */
    async remove(id: number): Promise<void> {
      await db.transaction(async (tx) => {
        const [known] = await tx.select().from(users).where(eq(users.id, id)).for('update');
        if (known === undefined) throw new DomainError('NOT_FOUND', 'no such user');
        if (known.role === 'ADMIN') await keepAnAdmin(tx, id);
        await tx.delete(users).where(eq(users.id, id));
      });
    },
  };
}

export type UserStore = ReturnType<typeof createUserStore>;
