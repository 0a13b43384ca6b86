import type { Finding, Level } from './finding.ts';

export interface Section {
  name: string;
  findings: Finding[];
}

const MARKS: Record<Level, string> = { ok: '✓', skipped: '·', warning: '!', broken: '✗' };
/** SGR: green, faint, yellow, red. */
const COLOURS: Record<Level, number> = { ok: 32, skipped: 2, warning: 33, broken: 31 };
const WORST: Level[] = ['broken', 'warning', 'skipped', 'ok'];

const count = (sections: readonly Section[], level: Level) =>
  sections.flatMap(({ findings }) => findings).filter((finding) => finding.level === level).length;

/** 0: all is well, 1: something needs attention, 2: something is broken. */
export function exitCode(sections: readonly Section[]): 0 | 1 | 2 {
  if (count(sections, 'broken') > 0) return 2;
  return count(sections, 'warning') > 0 ? 1 : 0;
}

const plural = (number: number, one: string, many: string) => `${number} ${number === 1 ? one : many}`;

function verdict(sections: readonly Section[]): string {
  const bad = count(sections, 'broken');
  const warned = count(sections, 'warning');
  if (bad + warned === 0) return 'All is well.';
  const parts = [
    ...(bad > 0 ? [plural(bad, 'thing is broken', 'things are broken')] : []),
    ...(warned > 0 ? [plural(warned, 'needs attention', 'need attention')] : []),
  ];
  return `${parts.join(', ')}.`;
}

/** For a person. */
export function asText(sections: readonly Section[], colours: boolean): string {
  const paint = (level: Level, text: string) =>
    colours ? `\u001b[${COLOURS[level]}m${text}\u001b[0m` : text;
  const lines: string[] = [];
  for (const { name, findings } of sections) {
    lines.push(colours ? `\u001b[1m${name}\u001b[0m` : name);
    for (const { level, text, todo } of findings) {
      lines.push(`  ${paint(level, MARKS[level])} ${text}`);
      if (todo !== undefined) lines.push(`      → ${todo}`);
    }
  }
  const worst = WORST.find((level) => count(sections, level) > 0) ?? 'ok';
  return [...lines, '', paint(worst === 'skipped' ? 'ok' : worst, verdict(sections))].join('\n');
}

/** For programs: one line. */
export function asJson(
  sections: readonly Section[],
  about: { host: string; version: string; at: Date },
): string {
  const status = ['ok', 'warning', 'broken'][exitCode(sections)];
  return JSON.stringify({ ...about, status, sections });
}
