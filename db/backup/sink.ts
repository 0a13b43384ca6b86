import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PGlite } from '@electric-sql/pglite';
import type postgres from 'postgres';
import { DurableFS } from '../embedded/durable-fs.ts';
import { CHECKPOINT_AFTER_BYTES, START_PARAMS } from '../embedded/start-params.ts';
import { qualified, quoted, type TableInfo } from './format.ts';
import { copyOut, SAME_TEXT } from './source.ts';

/** A database that is being filled, and that nobody else uses. */
export interface Sink {
  run<T extends object>(statement: string): Promise<T[]>;
  copyIn(table: TableInfo, text: Buffer): Promise<void>;
  /** The rows of a query in COPY's text form. */
  copyOut(query: string): Promise<Buffer>;
}

/** In a transaction: until its end nothing is changed. */
export function serverSink(tx: postgres.TransactionSql): Sink {
  return {
    run: async <T extends object>(statement: string) => [...(await tx.unsafe<T[]>(statement))],
    copyIn: async (table, text) => {
      const writable = await tx.unsafe(copyStatement(table, 'stdin')).writable();
      await pipeline(Readable.from([text]), writable);
    },
    copyOut: (query) => copyOut(tx, query),
  };
}

export interface EmbeddedSink extends Sink {
  /** On the disk when it resolves, but for the folders themselves. */
  close(): Promise<void>;
}

/**
 * A new embedded database in `folder`, in this thread, which it keeps busy for as long as a statement takes: the engine
 * cannot take rows over its socket.
 */
export async function openEmbeddedSink(folder: string): Promise<EmbeddedSink> {
  const db = await PGlite.create({ fs: new DurableFS(folder), startParams: [...START_PARAMS] });
  for (const setting of SAME_TEXT) await db.exec(setting.replace('set local', 'set'));
  let unchecked = 0;
  return {
    run: async <T extends object>(statement: string) =>
      (await db.exec(statement)).flatMap(({ rows }) => rows as T[]),
    copyIn: async (table, text) => {
      await db.query(copyStatement(table, `'/dev/blob'`), [], { blob: new Blob([new Uint8Array(text)]) });
      unchecked += text.length;
      // Nobody else does it, and the WAL would come to be as large as the database.
      if (unchecked < CHECKPOINT_AFTER_BYTES) return;
      await db.exec('checkpoint');
      unchecked = 0;
    },
    copyOut: async (query) => {
      const { blob } = await db.query(`copy (${query}) to '/dev/blob'`);
      return blob === undefined ? Buffer.alloc(0) : Buffer.from(await blob.arrayBuffer());
    },
    close: async () => {
      await db.exec('checkpoint');
      await db.close();
    },
  };
}

const copyStatement = (table: TableInfo, from: string): string =>
  `copy ${qualified(table)} (${table.columns.map(quoted).join(', ')}) from ${from}`;
