import { BASE } from '../contestants/index.ts';
import type { Row } from '../measures/row.ts';

export interface Spread {
  median: number;
  min: number;
  max: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  const lower = sorted[sorted.length % 2 === 0 ? middle - 1 : middle] ?? Number.NaN;
  return { median: (lower + upper) / 2, min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN };
}

/** To the base of its measure, in the median of the rounds, each ratio within one round; null for the base itself and without one. */
export function ratioOf(row: Row, rows: readonly Row[]): number | null {
  const { measure, part, contestant, base = BASE, values } = row;
  if (contestant === base) return null;
  const other = rows.find(
    (each) => each.measure === measure && each.part === part && each.contestant === base,
  );
  if (other === undefined) return null;
  const ratios = values
    .map((value, round) => value / (other.values[round] ?? Number.NaN))
    .filter(Number.isFinite);
  return ratios.length === 0 ? null : spreadOf(ratios).median;
}

/** Rows of the same measure together, in the order in which measures first appear. */
export function byMeasure(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.measure);
    if (group === undefined) groups.set(row.measure, [row]);
    else group.push(row);
  }
  return groups;
}
