import { boolean, integer, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import type { Acl, Role } from '../domain/types.ts';
import { rooms } from './rooms.ts';

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 6, mode: 'date' });

export const users = pgTable('users', {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  username: text().notNull().unique(),
  name: text(),
  passwordHash: text('password_hash').notNull(),
  role: text().$type<Role>().notNull(),
  acl: jsonb().$type<Acl>().notNull().default({ publish: [], subscribe: [] }),
  /** Tokens carry this number; raising it ends all of them but `keptToken`. */
  tokenVersion: integer('token_version').notNull().default(0),
  /** `jti` of the one token that outlived the last password change. */
  keptToken: text('kept_token'),
  /** The password was made for the person and shown: others may have seen it. */
  mustChangePassword: boolean('must_change_password').notNull().default(false),
  createdAt: instant('created_at').notNull().defaultNow(),
});

/** Tokens that were logged out, until they would have ended by themselves. */
export const revokedTokens = pgTable('revoked_tokens', {
  /** `jti` */
  tokenId: text('token_id').primaryKey(),
  expiresAt: instant('expires_at').notNull(),
});

export const userRooms = pgTable(
  'user_rooms',
  {
    userId: integer('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    roomId: integer('room_id')
      .notNull()
      .references(() => rooms.id, { onDelete: 'cascade' }),
  },
  (t) => [primaryKey({ columns: [t.userId, t.roomId] })],
);

export const enrollments = pgTable('enrollments', {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  /** SHA-256 of a 256-bit random token, hex: no salt or stretching is needed for that much entropy. */
  tokenHash: text('token_hash').notNull().unique(),
  /** null: no limit until it expires. */
  maxUses: integer('max_uses'),
  uses: integer().notNull().default(0),
  expiresAt: instant('expires_at').notNull(),
  roomId: integer('room_id').references(() => rooms.id, { onDelete: 'set null' }),
  createdBy: text('created_by').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
});
