import { type Entry, readArchive } from './archive-reader.ts';
import { sha256 } from './archive-writer.ts';
import { checkSchema } from './check-schema.ts';
import {
  DATA,
  DamagedBackupError,
  type DatabaseSchema,
  FORMAT,
  HEADER,
  type Header,
  MANIFEST,
  type Manifest,
  SCHEMA,
  shownName,
  type TableInfo,
  type TableSum,
  UnusableBackupError,
} from './format.ts';
import { createRowSum } from './row-sum.ts';

export interface Verified {
  header: Header;
  manifest: Manifest;
  schema: DatabaseSchema;
}

const parsed = <T>({ name, content }: Entry): T => {
  try {
    return JSON.parse(content.toString('utf8')) as T;
  } catch {
    throw new DamagedBackupError(`${name} in it is damaged`);
  }
};

/** `data/3/000001-0123456789abcdef.copy`: of the fourth table, and the first half of its own digest. */
const PART = /^data\/(\d+)\/(\d+)-([0-9a-f]{16})\.copy$/;

export const partName = (table: number, number: number, text: Uint8Array): string =>
  `${DATA}${table}/${String(number).padStart(6, '0')}-${sha256(text).slice(0, 16)}.copy`;

/** The table that a part is of; null: it is no part of a table. */
export function tableOfPart(name: string, { tables }: DatabaseSchema): TableInfo | null {
  const index = PART.exec(name)?.[1];
  return index === undefined ? null : (tables[Number(index)] ?? null);
}

export function readHeader(entry: Entry): Header {
  if (entry.name !== HEADER) throw new DamagedBackupError('it is no backup of PM IoT: it begins otherwise');
  const header = parsed<Header>(entry);
  if (header.program !== 'pm-iot') throw new DamagedBackupError('it is no backup of PM IoT');
  if (header.format > FORMAT) {
    throw new UnusableBackupError(
      `this backup was written by a newer version of PM IoT (${header.version}): install that version, and restore with it`,
    );
  }
  return header;
}

/**
 * Reads all of a backup, and checks every part, every count and every sum. Errors: DamagedBackupError that tells where and
 * how much before is good; UnusableBackupError.
 */
export async function verifyBackup(
  path: string,
  passphrase: string | null,
  onProgress: (position: number, size: number) => void = () => {},
): Promise<Verified> {
  let header: Header | null = null;
  let schema: DatabaseSchema | null = null;
  let manifest: Manifest | null = null;
  const seen = new Map<string, string>();
  const sums = new Map<TableInfo, ReturnType<typeof createRowSum>>();
  try {
    for await (const entry of readArchive(path, passphrase)) {
      const { name, content, position, size } = entry;
      onProgress(position, size);
      if (header === null) header = readHeader(entry);
      if (manifest !== null) throw new DamagedBackupError(`something follows its end: ${name}`);
      if (name === MANIFEST) {
        manifest = parsed<Manifest>(entry);
        continue;
      }
      const digest = sha256(content);
      const inName = PART.exec(name)?.[3];
      if (inName !== undefined && !digest.startsWith(inName)) {
        throw new DamagedBackupError(`${name} in it is damaged, before byte ${position} of ${size}`);
      }
      seen.set(name, digest);
      if (name === SCHEMA) schema = checkSchema(parsed<unknown>(entry));
      const table = schema === null ? null : tableOfPart(name, schema);
      if (table === null) continue;
      const sum = sums.get(table) ?? createRowSum();
      sums.set(table, sum);
      sum.add(content);
    }
    if (header === null) throw new DamagedBackupError('it is empty');
    if (manifest === null || schema === null) throw new DamagedBackupError('its end is missing');
    checkParts(manifest, seen);
    checkSums(manifest, sumsOf(schema, sums));
    return { header, manifest, schema };
  } catch (error) {
    if (!(error instanceof DamagedBackupError)) throw error;
    throw new DamagedBackupError(`${path}: ${error.message}; ${goodBefore(schema, sums)}`);
  }
}

export const sumsOf = (
  { tables }: DatabaseSchema,
  sums: ReadonlyMap<TableInfo, Pick<ReturnType<typeof createRowSum>, 'rows' | 'bytes' | 'sum'>>,
): TableSum[] =>
  tables.map((table) => {
    const { rows, bytes, sum } = sums.get(table) ?? createRowSum();
    return { table: shownName(table), rows, bytes, sum };
  });

function goodBefore(schema: DatabaseSchema | null, sums: ReadonlyMap<TableInfo, { rows: number }>): string {
  if (schema === null) return 'nothing of the database could be read';
  const rows = [...sums.values()].reduce((sum, table) => sum + table.rows, 0);
  return `${rows} rows of ${sums.size} of its ${schema.tables.length} tables could be read before that. Take an older backup`;
}

function checkParts({ parts }: Manifest, seen: ReadonlyMap<string, string>): void {
  for (const [name, digest] of Object.entries(parts)) {
    const found = seen.get(name);
    if (found === undefined) throw new DamagedBackupError(`${name} is missing in it`);
    if (found !== digest) throw new DamagedBackupError(`${name} in it is damaged`);
  }
  const unknown = [...seen.keys()].find((name) => !(name in parts));
  if (unknown !== undefined) throw new DamagedBackupError(`${unknown} does not belong in it`);
}

/** Throws a DamagedBackupError that names the first table that differs. */
export function checkSums({ tables }: Pick<Manifest, 'tables'>, found: readonly TableSum[]): void {
  const byName = new Map(found.map((sum) => [sum.table, sum]));
  for (const { table, rows, sum } of tables) {
    const other = byName.get(table);
    if (other?.rows === rows && other.sum === sum) continue;
    throw new DamagedBackupError(
      `${table} is not as it was: ${other?.rows ?? 0} rows with the sum ${other?.sum ?? 'none'}, where ${rows} rows with ${sum} were backed up`,
    );
  }
}
