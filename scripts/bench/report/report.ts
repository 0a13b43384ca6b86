import type { Row } from '../measures/row.ts';
import type { Machine } from './machine.ts';

export interface Section {
  /** Of the measure on the command line. */
  name: string;
  title: string;
  rows: Row[];
}

/** Of one turn of ours: both must be the same. */
export interface Book {
  contestant: string;
  acknowledged: number;
  rows: number;
}

export interface Report {
  /** `2026-11-28`. */
  date: string;
  /** Of the source, with a `+` when there are changes that it does not have; null without a repository. */
  commit: string | null;
  command: string;
  machine: Machine;
  pinning: string;
  rounds: number;
  warmUpMs: number;
  measureMs: number;
  /** Acknowledgements a second that the load generator gets out of Mosquitto; null without one. */
  loadPerSecond: number | null;
  contestants: { name: string; title: string; version: string }[];
  /** Those that could not run, each with the reason. */
  leftOut: string[];
  books: Book[];
  faults: string[];
  sections: Section[];
}
