type Row = readonly string[];

const width = (text: string) => [...text].length;

/** As the formatter lays it out; the first row is its head. */
export function table(rows: readonly Row[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => width(row[column] ?? ''))));
  const line = (row: Row) =>
    `| ${row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - width(cell))).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(widths.map((each) => '-'.repeat(each))), ...body.map(line)].join('\n');
}

/** A page with this between two comments. Errors: it has no place for it, or two. */
export function filled(page: string, begin: string, text: string, end: string): string {
  const [before = '', rest, ...more] = page.split(begin);
  const at = rest?.indexOf(end) ?? -1;
  if (rest === undefined || at < 0 || more.length > 0) {
    throw new Error(`one place is needed: ${begin} … ${end}`);
  }
  return `${before}${begin}\n\n${text}\n\n${rest.slice(at)}`;
}
