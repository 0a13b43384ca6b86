/** A line of the report: what was measured of one contestant, once a round. */
export interface Row {
  /** Rows of the same text stand together in a table: `acknowledged, 200 clients × 10 in flight`. */
  measure: string;
  /** A column of that table, where it has several: `p99`. */
  part?: string;
  /** Name of the contestant: `ours-postgres`. */
  contestant: string;
  /** `/s`, `ms`, `MiB`, … */
  unit: string;
  better: 'more' | 'less';
  /** One a round, in the order of the rounds: ratios are taken within a round. */
  values: number[];
  /** The contestant that ratios of this measure refer to; bare Aedes unless said otherwise. */
  base?: string;
  note?: string;
}
