import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A file of the sources; this one is built into `dist/test/helpers`. */
export const sourcePath = (path: string): string =>
  fileURLToPath(new URL(`../../../${path}`, import.meta.url));
export const sourceText = (path: string): string => readFileSync(sourcePath(path), 'utf8');

export interface Family {
  type: string;
  help: string;
  /** Of its samples, `le` left out. */
  labels: Set<string>;
  /** Name and labels of each sample, as they are told. */
  series: string[];
}

/** What `/api/metrics` tells, by name. */
export function familiesOf(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  let family: Family = { type: '', help: '', labels: new Set(), series: [] };
  for (const line of text.split('\n')) {
    const [, about, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (about === 'HELP') {
      family = { type: '', help: rest, labels: new Set(), series: [] };
      families.set(name, family);
    } else if (about === 'TYPE') family.type = rest;
    else if (line !== '') {
      family.series.push(line.slice(0, line.lastIndexOf(' ')));
      for (const [, label = ''] of line.matchAll(/[{,](\w+)="/g))
        if (label !== 'le') family.labels.add(label);
    }
  }
  return families;
}

/** The names that PromQL asks for, as families have them. */
export function metricsIn(expression: string): string[] {
  const names = expression.match(/\b(?:pm_iot|nodejs|process)_\w+/g) ?? [];
  return [...new Set(names.map((name) => name.replace(/_(bucket|sum|count)$/, '')))];
}

interface Panel {
  title: string;
  type: string;
  targets?: { expr: string }[];
  gridPos: { x: number; y: number; w: number; h: number };
}

export interface Dashboard {
  __inputs: { name: string; type: string; pluginId: string }[];
  schemaVersion: number;
  uid: string;
  templating: { list: { name: string; query: { query: string } }[] };
  panels: Panel[];
}

export const dashboard = (): Dashboard => JSON.parse(sourceText('docs/grafana/pm-iot.json')) as Dashboard;

export interface Alert {
  name: string;
  expression: string;
  severity: string;
  runbook: string;
}

/** As docs/alerts.yml is written; promtool checks that it is YAML. */
export function alerts(): Alert[] {
  return sourceText('docs/alerts.yml')
    .split(/^ {6}- alert: /m)
    .slice(1)
    .map((text) => ({
      name: /^\w+/.exec(text)?.[0] ?? '',
      expression: /expr: (?:>\n)?([\s\S]*?)\n {8}(?:for|labels):/.exec(text)?.[1] ?? '',
      severity: /severity: (\w+)/.exec(text)?.[1] ?? '',
      runbook: /runbook: (\S+)/.exec(text)?.[1] ?? '',
    }));
}

/** Those that one node alone does not tell. */
export const isOfClusters = (name: string): boolean => /^pm_iot_(redis|workers)/.test(name);

export function prometheusMissing(): string | false {
  if (process.env.CI === 'true') return false;
  const missing = ['prometheus', 'promtool'].some(
    (name) => spawnSync(name, ['--version']).error !== undefined,
  );
  return missing && 'Prometheus is not installed (Debian: apt-get install prometheus)';
}

/** Throws what promtool has to say. */
export function promtool(args: readonly string[], input = ''): void {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, { input, encoding: 'utf8' });
  if (status !== 0 || stderr !== '') {
    throw new Error(`promtool ${args.join(' ')}: ${error?.message ?? ''}\n${stdout}${stderr}`);
  }
}
