import { createReadStream, statSync } from 'node:fs';
import { addAbortSignal, pipeline, type Readable, type Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CsvError, type Info, parse } from 'csv-parse';
import { peek } from './peek.ts';

/** Bytes in which the first line must end for its delimiter to be seen. */
const MAX_HEADER = 64 * 1024;
/** Bytes of a record: beyond it a quote that is never closed would take the rest of the file into memory. */
const MAX_RECORD = 1024 * 1024;
const DELIMITERS = [',', ';', '\t'];

export interface Line {
  /** Of the file, the first is 1. */
  number: number;
  cells: string[];
}

export interface Table {
  /** Of all lines, the header first. Errors tell what is wrong with the file. */
  lines: AsyncIterable<Line>;
  /** How much of the file has been read, 0 to 1; null: of standard input nobody knows. */
  progress(): number | null;
}

/** What a file's first line has most of, outside quotes. */
export function delimiterOf(beginning: Buffer): string {
  // UTF-16 has a zero in each of these characters.
  const text = beginning.toString('latin1').replaceAll('\u0000', '');
  const [first = ''] = text.replaceAll(/"[^"]*"/g, '').split(/[\r\n]/, 1);
  const counts = DELIMITERS.map((delimiter) => first.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ',';
}

/** What goes wrong in either is thrown where the second is read. */
const through = <T extends Transform>(from: Readable, to: T): T => pipeline(from, to, () => {}) as T;

const isGzip = (beginning: Buffer) => beginning[0] === 0x1f && beginning[1] === 0x8b;

async function unpacked(raw: Readable): Promise<Readable> {
  const { beginning, stream } = await peek(raw, (bytes) => bytes.length >= 2);
  return isGzip(beginning) ? through(stream, createGunzip()) : stream;
}

interface Parsed {
  record: string[];
  info: Info;
}

const occurrences = (cells: readonly string[], pattern: RegExp) =>
  cells.reduce((sum, cell) => sum + (cell.match(pattern)?.length ?? 0), 0);

function explained(error: unknown, last: number): unknown {
  if (error instanceof CsvError) {
    return new Error(`line ${last + 1}: a quote is opened and not closed: the rest of the file was not read`);
  }
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (!code.startsWith('Z_')) return error;
  return new Error(`the file cannot be unpacked after line ${last}: ${message}`);
}

/** Lines of CSV: RFC 4180, and what else there is of line ends, delimiters and marks at the beginning. */
async function* linesOf(raw: Readable): AsyncGenerator<Line> {
  let last = 0;
  /** The parser takes each half of a CR LF within quotes for a line. */
  let halves = 0;
  try {
    const { beginning, stream } = await peek(
      await unpacked(raw),
      (bytes) => bytes.length >= MAX_HEADER || bytes.includes('\n'),
    );
    const parser = parse({
      delimiter: delimiterOf(beginning),
      record_delimiter: ['\r\n', '\n', '\r'],
      max_record_size: MAX_RECORD,
      bom: true,
      info: true,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
    });
    for await (const parsed of through(stream, parser)) {
      const { record: cells, info } = parsed as Parsed;
      const number = info.lines - halves - occurrences(cells, /[\r\n]/g);
      halves += occurrences(cells, /\r\n/g);
      last = info.lines - halves;
      yield { number, cells };
    }
  } catch (error) {
    throw explained(error, last);
  }
}

/** A file, or standard input where its name is `-`; packed by gzip or not. Read no faster than its lines are taken. */
export function openTable(name: string, signal: AbortSignal): Table {
  if (name === '-') return { lines: linesOf(addAbortSignal(signal, process.stdin)), progress: () => null };
  const stat = statSync(name);
  // A pipe has a name as well, and no size.
  const size = stat.isFile() ? stat.size : 0;
  const file = addAbortSignal(signal, createReadStream(name));
  return { lines: linesOf(file), progress: () => (size === 0 ? null : file.bytesRead / size) };
}
