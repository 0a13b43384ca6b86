import { setTimeout as sleep } from 'node:timers/promises';
import type { OnEnd } from '../bench-history/database.ts';
import type { Contestant, Running } from './contestants/contestant.ts';
import { type LoadGenerator, startLoad } from './load/index.ts';
import type { BenchContext } from './measures/measure.ts';
import type { Row } from './measures/row.ts';
import type { Pinning } from './pinning.ts';
import type { Book, Report } from './report/report.ts';

/** After one contestant has ended, before the next one starts. */
const PAUSE_MS = 500;

/** Joins figures to rows, one value a round. */
export function createRows() {
  const rows = new Map<string, Row>();
  return {
    add(row: Omit<Row, 'values'>, value: number): void {
      const key = [row.measure, row.part, row.contestant].join('\n');
      const known = rows.get(key);
      if (known === undefined) rows.set(key, { ...row, values: [value] });
      else known.values.push(value);
    },
    all: (): Row[] => [...rows.values()],
  };
}

export interface ContextOptions {
  contestants: readonly Contestant[];
  rounds: number;
  warmUpMs: number;
  measureMs: number;
  short: boolean;
  pinning: Pinning;
  say: (text: string) => void;
  onEnd: OnEnd;
}

export function createContext(options: ContextOptions): BenchContext & Pick<Report, 'faults' | 'books'> {
  const { rounds, pinning, say, onEnd, ...rest } = options;
  const faults: string[] = [];
  const books: Book[] = [];
  let load: LoadGenerator | null = null;
  let current: Running | null = null;
  onEnd(async () => load?.stop());
  onEnd(async () => current?.stop());

  const fault = (text: string) => {
    faults.push(text);
    say(`FAULT: ${text}`);
  };

  return {
    ...rest,
    rounds,
    say,
    fault,
    faults,
    books,
    book: (book) => {
      books.push(book);
      const { contestant, acknowledged, rows } = book;
      if (rows !== acknowledged) fault(`${contestant}: ${acknowledged} acknowledged, ${rows} rows`);
    },
    takeTurns: async (contestants, startOptions, turn) => {
      const rows = createRows();
      for (let round = 1; round <= rounds; round++) {
        for (const contestant of contestants) {
          say(`round ${round} of ${rounds}: ${contestant.title}`);
          load ??= startLoad();
          const running = await contestant.start({ ...startOptions, pinning });
          current = running;
          try {
            await turn({
              contestant,
              running,
              load,
              add: ({ value, ...row }) => rows.add({ ...row, contestant: contestant.name }, value),
            });
          } finally {
            await load.disconnect();
            current = null;
            await running.stop();
          }
          await sleep(PAUSE_MS);
        }
      }
      return rows.all();
    },
  };
}
