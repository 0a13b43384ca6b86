import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { markdown } from './markdown.ts';
import type { Report } from './report.ts';
import { svg } from './svg.ts';

/** Writes bench.md, bench.json and, where there is something to draw, bench.svg; gives the Markdown. */
export function writeReport(report: Report, folder: string): string {
  const text = markdown(report);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'bench.md'), text);
  writeFileSync(join(folder, 'bench.json'), `${JSON.stringify(report, null, 2)}\n`);
  const chart = svg(report);
  if (chart !== null) writeFileSync(join(folder, 'bench.svg'), chart);
  return text;
}
