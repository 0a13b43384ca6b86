import { z } from 'zod';
import { DamagedBackupError, type DatabaseSchema, type PartitionInfo, shownName } from './format.ts';

/** Of partitions of ours, as `pg_get_expr` and `pg_get_partkeydef` write them: these two become part of a statement as they are. */
const VALUE = `(?:'(?:[^'\\\\]|'')*'|-?\\d+|MINVALUE|MAXVALUE)`;
const VALUES = `\\(${VALUE}(?:, ${VALUE})*\\)`;
const BOUND = new RegExp(
  `^(?:DEFAULT|FOR VALUES (?:FROM ${VALUES} TO ${VALUES}|IN ${VALUES}|WITH \\(modulus \\d+, remainder \\d+\\)))$`,
);
const COLUMN = '(?:[a-z_][a-z0-9_]*|"[a-z_][a-z0-9_]*")';
const KEY = new RegExp(`^(?:RANGE|LIST|HASH) \\(${COLUMN}(?:, ${COLUMN})*\\)$`);

/** No other schema of a database is a restore's to touch. */
const schema = z.enum(['public', 'drizzle']);

const SHAPE = z.object({
  partitions: z.array(
    z.object({
      ...{ schema, parent: z.string(), name: z.string() },
      ...{ bound: z.string(), key: z.string().nullable() },
    }),
  ),
  tables: z.array(z.object({ schema, name: z.string(), columns: z.array(z.string()) })),
  sequences: z.array(
    z.object({
      ...{ schema, table: z.string(), column: z.string() },
      value: z.string().regex(/^-?\d+$/),
      called: z.boolean(),
    }),
  ),
});

/** Errors: DamagedBackupError. */
export function checkSchema(value: unknown): DatabaseSchema {
  const { success, data, error } = SHAPE.safeParse(value);
  if (success) return data;
  const { path = [], message = '' } = error.issues[0] ?? {};
  throw new DamagedBackupError(`schema.json in it is damaged (${path.join('.')}: ${message})`);
}

/**
 * Whoever made the file may have meant harm: what stands here runs with all rights that DATABASE_URL has on a server of
 * others. Errors: DamagedBackupError.
 */
export function checkPartition(partition: PartitionInfo): void {
  const { bound, key } = partition;
  if (BOUND.test(bound) && (key === null || KEY.test(key))) return;
  throw new DamagedBackupError(`what it tells of the partition ${shownName(partition)} is none of PM IoT's`);
}
