import { setTimeout as sleep } from 'node:timers/promises';
import type { OnEnd } from '../bench-history/database.ts';
import type { Contestant, Running } from './contestants/contestant.ts';
import { type LoadGenerator, startLoad } from './load/index.ts';
import type { BenchContext, Event } from './measures/measure.ts';
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
  let current: Promise<Running> | null = null;
  onEnd(async () => load?.stop());
  // What is interrupted while it starts is waited for.
  onEnd(async () => (await current?.catch(() => null))?.stop());

  const fault = (text: string) => {
    faults.push(text);
    say(`FAULT: ${text}`);
  };

  const takeTurn = async (contestant: Contestant, event: Event, rows: ReturnType<typeof createRows>) => {
    load ??= startLoad();
    current = contestant.start({ ...event.options, pinning });
    const running = await current;
    try {
      await event.turn({
        contestant,
        running,
        load,
        pinning,
        add: ({ value, ...row }) => rows.add({ ...row, contestant: contestant.name }, value),
      });
    } finally {
      await load.disconnect();
      current = null;
      await running.stop();
    }
    await sleep(PAUSE_MS);
  };

  const takeTurnsIn = async (events: readonly Event[]): Promise<Row[]> => {
    const rows = createRows();
    for (let round = 1; round <= rounds; round++) {
      for (const event of events) {
        for (const contestant of event.contestants) {
          say(`round ${round} of ${rounds}: ${contestant.title}`);
          // What the others have shown by then is not lost with it.
          await takeTurn(contestant, event, rows).catch((error: unknown) => {
            fault(`${contestant.title}: ${error instanceof Error ? error.message : String(error)}`);
          });
        }
      }
    }
    return rows.all();
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
    takeTurns: (contestants, startOptions, turn) =>
      takeTurnsIn([{ contestants, options: startOptions, turn }]),
    takeTurnsIn,
  };
}
