import type { Report } from './report.ts';
import type { Sample } from './sampler.ts';
import { type Judged, type Point, pointsOf } from './slopes.ts';

/** Pixels. */
const PANEL = { width: 312, height: 172 };
const PLOT = { left: 44, right: 10, top: 48, bottom: 22 };
const COLUMNS = 3;
const HEAD = 58;
const MARGIN = 12;
const GRID_LINES = 3;

const STYLE = `
.page{fill:#ffffff}.frame{fill:none;stroke:#d0d7de}.grid{stroke:#e7ebef}
text{font:11px system-ui,sans-serif;fill:#57606a}.title{font-size:16px;font-weight:600;fill:#1f2328}
.name{font-size:12px;font-weight:600;fill:#1f2328}.fault{fill:#cf222e}
.a,.b,.s{fill:none;stroke-width:1.5;stroke-linejoin:round}.a{stroke:#0969da}.b{stroke:#bc4c00}.s{stroke:#0969da;stroke-width:1;opacity:.3}
.ka{fill:#0969da}.kb{fill:#bc4c00}
@media (prefers-color-scheme:dark){.page{fill:#0d1117}.frame{stroke:#3d444d}.grid{stroke:#262c36}
text{fill:#9198a1}.title,.name{fill:#f0f6fc}.fault{fill:#ff7b72}
.a,.s{stroke:#58a6ff}.b{stroke:#f0883e}.ka{fill:#58a6ff}.kb{fill:#f0883e}}`;

interface Panel {
  name: string;
  unit: string;
  /** One or two of the series: the middle and the slow end. */
  keys: (keyof Sample)[];
}

const PANELS: readonly Panel[] = [
  { name: 'Heap', unit: 'MiB', keys: ['heap'] },
  { name: 'Resident memory', unit: 'MiB', keys: ['resident'] },
  { name: 'External memory', unit: 'MiB', keys: ['external'] },
  { name: 'Open files', unit: '', keys: ['files'] },
  { name: 'Sockets beside connections', unit: '', keys: ['sockets'] },
  { name: 'Connections', unit: '', keys: ['connections'] },
  { name: 'Publish → PUBACK', unit: 'ms', keys: ['ackP50', 'ackP99'] },
  { name: 'Command round trip', unit: 'ms', keys: ['commandP50', 'commandP99'] },
  { name: 'Poll of a room', unit: 'ms', keys: ['pollP50', 'pollP99'] },
  { name: 'Event loop lag, p99', unit: 'ms', keys: ['loopLag'] },
  { name: 'Processor', unit: '%', keys: ['processor'] },
  { name: 'Commands that wait', unit: '', keys: ['waiting'] },
  { name: 'Messages queued for the observer', unit: '', keys: ['queued'] },
  { name: 'Database', unit: 'MiB', keys: ['database'] },
  { name: 'WAL', unit: 'MiB', keys: ['wal'] },
];

/** A round number at or above it: 1, 2 or 5 with zeros, or a multiple of a tenth of that. */
export function ceiling(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 1.2, 1.5, 2, 3, 4, 5, 6, 8, 10].find((each) => each * power >= value) ?? 10;
  return Number((step * power).toPrecision(3));
}

const label = (value: number) => Number(value.toPrecision(3)).toLocaleString('en-US');
/** To a tenth where there are few. */
const minutesOf = (seconds: number) => label(Number((seconds / 60).toFixed(seconds < 600 ? 1 : 0)));
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

function drawPanel({ name, unit, keys }: Panel, report: Report, end: number): string {
  const all = keys.map((key) => report.series.find((series) => series.key === key));
  const series = all.filter((each): each is Judged => each !== undefined);
  const samplesOf = (each: Judged) => pointsOf(report.samples, { ...each, minima: false });
  const top = ceiling(Math.max(0, ...series.flatMap(samplesOf).map(({ y }) => y)));
  const [width, height] = [PANEL.width - PLOT.left - PLOT.right, PANEL.height - PLOT.top - PLOT.bottom];
  const x = (seconds: number) => (PLOT.left + (seconds / end) * width).toFixed(1);
  const y = (value: number) => (PLOT.top + height * (1 - value / top)).toFixed(1);
  const path = (points: readonly Point[], kind: string) =>
    points.length < 2
      ? ''
      : `<path class="${kind}" d="M${points.map((point) => `${x(point.x)} ${y(point.y)}`).join('L')}"/>`;
  const lines = Array.from({ length: GRID_LINES }, (_, i) => (top * i) / (GRID_LINES - 1)).map(
    (value) =>
      `<path class="grid" d="M${PLOT.left} ${y(value)}h${width}"/><text x="${PLOT.left - 5}" y="${Number(y(value)) + 4}" text-anchor="end">${label(value)}</text>`,
  );
  const minutes = [0, end / 2, end].map((seconds, i) => {
    const anchor = ['start', 'middle', 'end'][i];
    return `<text x="${x(seconds)}" y="${PANEL.height - 7}" text-anchor="${anchor}">${minutesOf(seconds)} min</text>`;
  });
  const curves = series.map((each, i) => {
    const kind = i === 0 ? 'a' : 'b';
    if (!each.minima) return path(samplesOf(each), kind);
    return path(samplesOf(each), 's') + path(pointsOf(report.samples, each), kind);
  });
  const verdicts = series.map((each, i) => {
    const key =
      series.length === 1
        ? ''
        : `<tspan class="${i === 0 ? 'ka' : 'kb'}">${i === 0 ? 'p50 ' : 'p99 '}</tspan>`;
    return `${key}<tspan${each.fault ? ' class="fault"' : ''}>${escaped(each.verdict)}</tspan>`;
  });
  return [
    `<rect class="frame" x=".5" y=".5" width="${PANEL.width - 1}" height="${PANEL.height - 1}" rx="4"/>`,
    `<text class="name" x="10" y="17">${escaped(name)}${unit === '' ? '' : `, ${unit}`}</text>`,
    `<text x="10" y="32">${verdicts.join('<tspan>, </tspan>')}</text>`,
    ...lines,
    ...minutes,
    ...curves,
  ].join('');
}

/** Small multiples over time, as an SVG document that follows the colours of its reader. */
export function chart(report: Report): string {
  const { options, samples, readings, faults } = report;
  const end = Math.max(1, samples.at(-1)?.seconds ?? 0);
  const rows = Math.ceil(PANELS.length / COLUMNS);
  const width = MARGIN + COLUMNS * (PANEL.width + MARGIN);
  const height = HEAD + rows * (PANEL.height + MARGIN);
  const panels = PANELS.map((panel, i) => {
    const left = MARGIN + (i % COLUMNS) * (PANEL.width + MARGIN);
    const top = HEAD + Math.floor(i / COLUMNS) * (PANEL.height + MARGIN);
    return `<g transform="translate(${left} ${top})">${drawPanel(panel, report, end)}</g>`;
  });
  const told = [
    `${options.devices} devices, ${options.rate} messages a second, ${options.database} database`,
    `${readings.acknowledged.toLocaleString('en-US')} readings acknowledged, ${readings.lost} lost, ${readings.repeated} stored twice`,
    `${faults.length === 0 ? 'no' : faults.length} fault${faults.length === 1 ? '' : 's'}`,
    report.date,
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="Soak of ${minutesOf(end)} minutes">
<style>${STYLE}</style>
<rect class="page" width="${width}" height="${height}"/>
<text class="title" x="${MARGIN}" y="26">Soak: ${minutesOf(end)} minutes</text>
<text x="${MARGIN}" y="45">${escaped(told.join(' · '))}</text>
${panels.join('\n')}
</svg>
`;
}
