/** What a backup file is: a gzipped tar of the parts below, in this order, perhaps inside an age file. */
export const FORMAT = 1;
export const HEADER = 'header.json';
export const SETTINGS = 'settings.env';
/** Files of DATA_DIR, and of certificates of the operator's own. */
export const FILES = 'files/';
export const OWN = 'own/';
export const SCHEMA = 'schema.json';
export const DATA = 'data/';
/** Last: a file without it is cut off. */
export const MANIFEST = 'manifest.json';

export interface Header {
  format: number;
  program: 'pm-iot';
  /** Of the program. */
  version: string;
  /** When the newest migration was made that the database has; milliseconds, 0: it has none. */
  level: number;
  createdAt: string;
  database: 'embedded' | 'server';
  /** Version of PostgreSQL. */
  postgres: string;
}

/** A table with rows of its own: a partitioned one has none. */
export interface TableInfo {
  schema: string;
  name: string;
  columns: string[];
}

/** In the order in which they can be made. */
export interface PartitionInfo {
  schema: string;
  parent: string;
  name: string;
  /** `FOR VALUES FROM … TO …` */
  bound: string;
  /** `HASH (widget_id)`; null: it has rows, and no partitions. */
  key: string | null;
}

export interface SequenceInfo {
  schema: string;
  table: string;
  column: string;
  value: string;
  called: boolean;
}

export interface DatabaseSchema {
  partitions: PartitionInfo[];
  /** Those that others refer to come first. */
  tables: TableInfo[];
  sequences: SequenceInfo[];
}

export interface TableSum {
  table: string;
  rows: number;
  /** Of the text of COPY. */
  bytes: number;
  /** Whatever the order of its rows: see `createRowSum`. */
  sum: string;
}

export interface Manifest {
  tables: TableSum[];
  /** SHA-256 of every part before, by its name. */
  parts: Record<string, string>;
}

/** The file is none of ours, damaged, or cut off; the message says what and where. */
export class DamagedBackupError extends Error {}

/** The file is whole, but this program cannot use it. */
export class UnusableBackupError extends Error {}

export const qualified = ({ schema, name }: { schema: string; name: string }): string =>
  `${quoted(schema)}.${quoted(name)}`;

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** How a table is called in what people read. */
export const shownName = ({ schema, name }: { schema: string; name: string }): string =>
  schema === 'public' ? name : `${schema}.${name}`;
