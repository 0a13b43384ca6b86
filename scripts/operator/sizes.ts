import type { TableSum } from '../../db/backup/format.ts';

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `1.5 GiB` */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

export const percent = (done: number, total: number): string =>
  `${total === 0 ? 100 : Math.min(100, Math.floor((100 * done) / total))} %`;

/** Parts of one table, by day, month or year, stand on one line. */
export function tableLines(tables: readonly TableSum[]): string[] {
  const rows = new Map<string, number>();
  for (const { table, rows: count } of tables) {
    if (table.startsWith('drizzle.')) continue;
    const name = table.replace(/_\d{4,8}(_\d+)?$/, '');
    rows.set(name, (rows.get(name) ?? 0) + count);
  }
  return [...rows]
    .filter(([, count]) => count > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `  ${name.padEnd(16)} ${String(count).padStart(12)} rows`);
}
