import { checkNotAhead, ReadingRefused } from '../../db/domain/imported-reading.ts';
import { parseTime } from '../../db/domain/time.ts';
import { localConfig, localServer } from '../operator/local-server.ts';
import { createProgressLine } from '../operator/progress-line.ts';
import { runCommand, UsageError } from '../operator/usage.ts';
import { findColumns } from './columns.ts';
import { type ImportOptions, readOptions, USAGE } from './options.ts';
import { progressLine } from './progress.ts';
import { createRowReader, encodeRow } from './rows.ts';
import { createSender } from './sender.ts';
import { openTable, type Table } from './table.ts';
import { createTally, type Tally } from './tally.ts';
import { createTimes } from './times.ts';

interface Work {
  options: ImportOptions;
  table: Table;
  tally: Tally;
  take: (reading: string, line: number) => Promise<void>;
}

/** Reads the file line by line: what is fit goes to `take`, the rest is counted. */
async function readAll({ options, table, tally, take }: Work): Promise<void> {
  const timeOf = createTimes(options.timeZone);
  const clock = { now: Date.now, trusted: () => true };
  let read: ReturnType<typeof createRowReader> | null = null;
  for await (const { number, cells } of table.lines) {
    if (read === null) {
      read = createRowReader(findColumns(cells, options), options, timeOf);
      continue;
    }
    tally.total.lines++;
    try {
      const row = read(cells);
      if (row === null) {
        tally.total.skipped++;
        continue;
      }
      if (options.dryRun) checkNotAhead(parseTime(row.at) ?? 0, clock);
      tally.total.fit++;
      await take(encodeRow(row), number);
    } catch (error) {
      if (!(error instanceof ReadingRefused)) throw error;
      tally.refuse(number, error.message);
    }
  }
  if (read === null) throw new UsageError('the file is empty');
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === 'AbortError' ? 'interrupted' : error.message;
}

async function importFile(args: string[]): Promise<void> {
  const options = readOptions(args);
  const { file, dryRun, create, url } = options;
  const abort = new AbortController();
  // Once: a second Ctrl-C ends it as it is.
  process.once('SIGINT', () => abort.abort());
  process.once('SIGTERM', () => abort.abort());
  const tally = createTally();
  const table = openTable(file, abort.signal);
  const started = performance.now();
  const progress = createProgressLine(process.stderr, () =>
    progressLine({ rows: tally.total.lines, fraction: table.progress() }, performance.now() - started),
  );
  const sender = dryRun
    ? null
    : createSender({
        server: localServer(localConfig(), url),
        create,
        signal: abort.signal,
        onAnswer: tally.answered,
        onAway: (why) => progress.note(`${why}; trying again for a while`),
      });
  const tell = () => {
    for (const line of tally.summary({ dryRun })) console.log(line);
  };
  progress.start();
  try {
    await readAll({ options, table, tally, take: sender?.add ?? (() => Promise.resolve()) });
    await sender?.flush();
  } catch (error) {
    progress.stop();
    if (error instanceof UsageError) throw error;
    tell();
    throw new Error(
      `${reasonOf(error)}\nThe end came after ${tally.total.lines} lines. To run it again is safe: what is stored is recognised.`,
    );
  }
  progress.stop();
  tell();
  if (tally.total.refused > 0) process.exitCode = 1;
}

await runCommand(USAGE, importFile);
