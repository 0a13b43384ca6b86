import { fileURLToPath } from 'node:url';
import type { Variable } from '../../config/variable.ts';
import { GROUPS } from '../../config/variables/index.ts';
import { filled, table } from './markdown.ts';

type Group = keyof typeof GROUPS;

/** Among the sources; this file is built into `dist/scripts/config-docs`. */
const pathOf = (name: string) => fileURLToPath(new URL(`../../../${name}`, import.meta.url));

const code = (text: string) => `\`${text}\``;

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

const filledGroup = (page: string, group: Group, text: string) => filled(page, begin(group), text, END);

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
    write: (text) => others.reduce((page, group) => filledGroup(page, group, variableTable(group)), text),
  },
  { path: pathOf('docs/limits.md'), write: (text) => filledGroup(text, 'limits', limitTable('limits')) },
  { path: pathOf('.env.example'), write: exampleFile },
];
