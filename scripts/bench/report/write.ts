import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { markdown } from './markdown.ts';
import type { Report } from './report.ts';

/** Writes bench.md and bench.json; gives the Markdown. */
export function writeReport(report: Report, folder: string): string {
  const text = markdown(report);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'bench.md'), text);
  writeFileSync(join(folder, 'bench.json'), `${JSON.stringify(report, null, 2)}\n`);
  return text;
}
