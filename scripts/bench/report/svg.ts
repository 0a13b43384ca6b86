import type { Row } from '../measures/row.ts';
import { figure } from './figure.ts';
import type { Report } from './report.ts';
import { byMeasure, spreadOf } from './statistics.ts';

const WIDTH = 800;
const LABELS = 330;
const VALUES = 90;
const BAR = 16;
const LINE = 26;
const TITLE = 34;
const EDGE = 12;
const FONT = '13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

/** Legible on white and on black: the colours of a page that follows the reader's wish, as pictures on GitHub do. */
const STYLE = `
text { font: ${FONT}; fill: #1f2328 }
.title { font-weight: 600 }
.value { fill: #59636e }
.bar { fill: #9aa4af }
.ours { fill: #1f7a4d }
.range { stroke: #1f2328; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .value { fill: #9198a1 }
  .bar { fill: #59636e }
  .ours { fill: #3fb27f }
  .range { stroke: #e6edf3 }
}`;

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

function bars(rows: readonly Row[], top: number, titleOf: (name: string) => string): string {
  const most = Math.max(...rows.flatMap(({ values }) => values));
  const scale = (WIDTH - LABELS - VALUES - 2 * EDGE) / (most > 0 ? most : 1);
  const left = EDGE + LABELS;
  return rows
    .map((row, i) => {
      const { median, min, max } = spreadOf(row.values);
      const y = top + i * LINE;
      const middle = y + BAR / 2;
      const kind = row.contestant.startsWith('ours') ? 'bar ours' : 'bar';
      const at = (value: number) => (left + value * scale).toFixed(1);
      return [
        `<text x="${left - 8}" y="${middle + 4.5}" text-anchor="end">${escaped(titleOf(row.contestant))}</text>`,
        `<rect class="${kind}" x="${left}" y="${y}" width="${Math.max(1, median * scale).toFixed(1)}" height="${BAR}" rx="2"/>`,
        max > min ? `<path class="range" d="M${at(min)} ${middle}H${at(max)}"/>` : '',
        `<text class="value" x="${Number(at(max)) + 8}" y="${middle + 4.5}">${figure(median)}</text>`,
      ].join('');
    })
    .join('\n');
}

/** A chart of what is counted by the second: a panel a measure, a bar a contestant, a line from min to max; null without any. */
export function svg({ sections, contestants, machine, date }: Report): string | null {
  const titles = new Map(contestants.map(({ name, title }) => [name, title]));
  const groups = [...byMeasure(sections.flatMap(({ rows }) => rows))].filter(([, rows]) =>
    rows.every(({ unit, better, part }) => unit === '/s' && better === 'more' && part === undefined),
  );
  if (groups.length === 0) return null;
  let y = EDGE;
  const panels = groups.map(([measure, rows]) => {
    const title = `<text class="title" x="${EDGE}" y="${y + 18}">${escaped(measure)}, a second</text>`;
    const body = bars(rows, y + TITLE, (name) => titles.get(name) ?? name);
    y += TITLE + rows.length * LINE + EDGE;
    return `${title}\n${body}`;
  });
  const foot = `<text class="value" x="${EDGE}" y="${y + 14}">${escaped(`${machine.processors} × ${machine.model}, ${date}; median, the line from min to max`)}</text>`;
  const height = y + 14 + EDGE;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="PM IoT beside other brokers and pipelines">
<style>${STYLE}
</style>
${panels.join('\n')}
${foot}
</svg>
`;
}
