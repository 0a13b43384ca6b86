import { fileURLToPath } from 'node:url';
import type { Variable } from '../../config/variable.ts';
import { GROUPS } from '../../config/variables/index.ts';

type Group = keyof typeof GROUPS;
type Row = readonly string[];

/** Among the sources; this file is built into `dist/scripts/config-docs`. */
const pathOf = (name: string) => fileURLToPath(new URL(`../../../${name}`, import.meta.url));

const code = (text: string) => `\`${text}\``;
const width = (text: string) => [...text].length;

/** As the formatter lays it out. */
function table(rows: readonly Row[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => width(row[column] ?? ''))));
  const line = (row: Row) =>
    `| ${row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - width(cell))).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(widths.map((each) => '-'.repeat(each))), ...body.map(line)].join('\n');
}

const entriesOf = (group: Group) => Object.entries<Variable<unknown>>(GROUPS[group]);

const variableTable = (group: Group) =>
  table([
    ['variable', 'default', 'may be', 'meaning'],
    ...entriesOf(group).map(([name, { fallback, absent, shown, about }]) => [
      code(name),
      fallback === null ? absent : code(fallback),
      shown,
      about,
    ]),
  ]);

const limitTable = (group: Group) =>
  table([
    ['what', 'variable', 'default', 'may be', 'what happens'],
    ...entriesOf(group).map(([name, { fallback, shown, about, atLimit }]) => [
      about,
      code(name),
      code(fallback ?? ''),
      shown,
      atLimit,
    ]),
  ]);

const begin = (group: Group) => `<!-- variables: ${group} (npm run config-docs) -->`;
const END = '<!-- end of variables -->';

/** Errors: the page has no place for the table, or two. */
function filled(page: string, group: Group, text: string): string {
  const [before = '', rest, ...more] = page.split(begin(group));
  const end = rest?.indexOf(END) ?? -1;
  if (rest === undefined || end < 0 || more.length > 0) {
    throw new Error(`one place for the table is needed: ${begin(group)} … ${END}`);
  }
  return `${before}${begin(group)}\n\n${text}\n\n${rest.slice(end)}`;
}

function exampleFile(): string {
  const groups = (Object.keys(GROUPS) as Group[]).map((group) =>
    entriesOf(group)
      .map(([name, { fallback }]) => `#${name}=${fallback ?? ''}`)
      .join('\n'),
  );
  return `# Copy to .env and change what you need; every variable is explained in docs/configuration.md.\n${groups.join('\n\n')}\n`;
}

export interface Page {
  path: string;
  /** What it must be, of what it is. */
  write(text: string): string;
}

const others = (Object.keys(GROUPS) as Group[]).filter((group) => group !== 'limits');

/** Whatever tells variables: written by `npm run config-docs`, compared by a test. */
export const PAGES: readonly Page[] = [
  {
    path: pathOf('docs/configuration.md'),
    write: (text) => others.reduce((page, group) => filled(page, group, variableTable(group)), text),
  },
  { path: pathOf('docs/limits.md'), write: (text) => filled(text, 'limits', limitTable('limits')) },
  { path: pathOf('.env.example'), write: exampleFile },
];
