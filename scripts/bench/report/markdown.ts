import { BASE } from '../contestants/index.ts';
import type { Row } from '../measures/row.ts';
import { figure } from './figure.ts';
import type { Report } from './report.ts';
import { byMeasure, ratioOf, spreadOf } from './statistics.ts';

const withUnit = (text: string, unit: string) => (unit === '/s' ? `${text}/s` : `${text} ${unit}`);

type TitleOf = (contestant: string) => string;

const lines = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map((_, i) => (i === 0 ? '---' : '--:')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');

function spreadText({ values, unit }: Row): [median: string, range: string] {
  const { median, min, max } = spreadOf(values);
  return [withUnit(figure(median), unit), values.length > 1 ? `${figure(min)} – ${figure(max)}` : ''];
}

/** A line a contestant: median, range, ratio. */
function single(rows: readonly Row[], first: Row, titleOf: TitleOf): string {
  const withRatio = rows.some((row) => ratioOf(row, rows) !== null);
  const cells = rows.map((row) => {
    const ratio = ratioOf(row, rows);
    const last = withRatio ? [ratio === null ? '' : ratio.toFixed(2)] : [];
    return [titleOf(row.contestant), ...spreadText(row), ...last];
  });
  const base = titleOf(first.base ?? BASE);
  return lines([first.measure, 'median', 'min – max', ...(withRatio ? [`÷ ${base}`] : [])], cells);
}

/** A line a contestant, a column a part: median and range. */
function several(rows: readonly Row[], first: Row, titleOf: TitleOf): string {
  const parts = [...new Set(rows.map(({ part = '' }) => part))];
  const contestants = [...new Set(rows.map(({ contestant }) => contestant))];
  const cells = contestants.map((contestant) => [
    titleOf(contestant),
    ...parts.map((part) => {
      const row = rows.find((each) => each.contestant === contestant && (each.part ?? '') === part);
      if (row === undefined) return '';
      const [median, range] = spreadText(row);
      return range === '' ? median : `${median} (${range})`;
    }),
  ]);
  return lines([first.measure, ...parts], cells);
}

function table(rows: readonly Row[], titleOf: TitleOf): string {
  const [first] = rows;
  if (first === undefined) return '';
  const body = rows.some(({ part }) => part !== undefined)
    ? several(rows, first, titleOf)
    : single(rows, first, titleOf);
  const notes = new Set(rows.flatMap(({ note }) => note ?? []));
  return [body, ...notes].join('\n\n');
}

export function markdown(report: Report): string {
  const { machine, contestants, leftOut, books, faults, sections } = report;
  const { rounds, warmUpMs, measureMs, loadPerSecond } = report;
  const titles = new Map(contestants.map(({ name, title }) => [name, title]));
  const titleOf = (name: string) => titles.get(name) ?? name;
  const load =
    loadPerSecond === null
      ? 'Mosquitto is not there to show what the load generator can do.'
      : `The load generator drives Mosquitto to ${figure(loadPerSecond)} acknowledgements a second.`;
  const parts = [
    `${machine.processors} × ${machine.model}, ${machine.memoryGiB} GiB, Linux ${machine.kernel}, Node ${machine.node}; ${report.date}, commit ${report.commit ?? 'unknown'}. \`${report.command}\``,
    `${rounds} rounds in turns (A B A B …), ${warmUpMs / 1000} s of warm-up and ${measureMs / 1000} s measured in each turn, each turn in a fresh process. ${report.pinning[0]?.toUpperCase()}${report.pinning.slice(1)}. ${load}`,
    contestants.map(({ title, version }) => `- ${title}: ${version}`).join('\n'),
  ];
  if (leftOut.length > 0) parts.push(leftOut.map((text) => `- left out: ${text}`).join('\n'));
  if (faults.length > 0) parts.push(faults.map((text) => `**FAULT: ${text}**`).join('\n\n'));
  const acknowledged = books.reduce((sum, book) => sum + book.acknowledged, 0);
  const stored = books.reduce((sum, book) => sum + book.rows, 0);
  if (books.length > 0)
    parts.push(
      `Of ours, ${acknowledged.toLocaleString('en-US')} readings were acknowledged in ${books.length} turns, and ${stored.toLocaleString('en-US')} rows were there afterwards.`,
    );
  for (const { title, rows } of sections) {
    parts.push(`## ${title}`, ...[...byMeasure(rows).values()].map((group) => table(group, titleOf)));
  }
  return `${parts.join('\n\n')}\n`;
}
