import type { Contestant, Running, StartOptions } from '../contestants/contestant.ts';
import type { LoadGenerator } from '../load/index.ts';
import type { Book } from '../report/report.ts';
import type { Row } from './row.ts';

/** One figure of one turn. What identifies it makes the row that it joins. */
export type Figure = Omit<Row, 'values' | 'contestant'> & { value: number };

export interface Turn {
  contestant: Contestant;
  running: Running;
  load: LoadGenerator;
  add(figure: Figure): void;
}

export interface BenchContext {
  /** Those that can run here, the base of ratios (bare Aedes) among them when it was asked for. */
  contestants: readonly Contestant[];
  rounds: number;
  warmUpMs: number;
  measureMs: number;
  /** Everything as small as it gets: a check that it works. */
  short: boolean;
  /** Tells how far it has come, beside the report. */
  say(text: string): void;
  /** Something that must not be: the run goes on and ends with an error. */
  fault(text: string): void;
  /** What was acknowledged to clients of ours in a turn, and what was found in the table: a fault when they differ. */
  book(book: Book): void;
  /** A B A B …: in each round one turn of each, each time in a process of its own. */
  takeTurns(
    contestants: readonly Contestant[],
    options: Omit<StartOptions, 'pinning'>,
    turn: (turn: Turn) => Promise<void>,
  ): Promise<Row[]>;
}

export interface Measure {
  /** As on the command line. */
  name: string;
  /** As a heading of the report. */
  title: string;
  run(context: BenchContext): Promise<Row[]>;
}
