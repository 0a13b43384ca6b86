/** Why a topic filter of an integration is refused. */
export type FilterFault = 'too_long' | 'hash_not_last' | 'wildcard_in_level' | 'bad_character' | 'reserved';

export interface LineFault {
  /** From 1. */
  line: number;
  text: string;
  fault: FilterFault;
}

const LONGEST = 256;
export const MOST_FILTERS = 100;

/** What is wrong with a filter, or null. [MQTT 3.1.1, 4.7.1]; topics of devices and of the broker are nobody's to give. */
export function filterFault(filter: string): FilterFault | null {
  if ([...filter].length > LONGEST) return 'too_long';
  if (filter.includes('\u0000')) return 'bad_character';
  const levels = filter.split('/');
  for (const [index, level] of levels.entries()) {
    if (level === '+' || !/[+#]/.test(level)) continue;
    if (level !== '#') return 'wildcard_in_level';
    if (index !== levels.length - 1) return 'hash_not_last';
  }
  return filter.startsWith('$') || /^devices?(?=\/|$)/.test(filter) ? 'reserved' : null;
}

/** One filter a line; empty lines are none. */
export const filtersOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

export const lineFaults = (text: string): LineFault[] =>
  text.split('\n').flatMap((raw, index) => {
    const line = raw.trim();
    const fault = line === '' ? null : filterFault(line);
    return fault === null ? [] : [{ line: index + 1, text: line, fault }];
  });

/** Where a line begins and ends in the text. `line` from 1. */
export function spanOfLine(text: string, line: number): { start: number; end: number } {
  const lines = text.split('\n');
  const start = lines.slice(0, line - 1).reduce((sum, { length }) => sum + length + 1, 0);
  return { start, end: start + (lines[line - 1]?.length ?? 0) };
}
