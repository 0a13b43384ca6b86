import { filled, table } from '../config-docs/markdown.ts';
import { type Document, METHODS, type Operation } from './types-file.ts';

const BEGIN = '<!-- calls (npm run client-types) -->';
const END = '<!-- end of calls -->';

/** What a route may answer besides what it is for is the same for most of them, and told once on the page. */
const EVERYWHERE = new Set(['400', '401', '403', '405', '413', '415', '429', '500']);

/** Text that a table of Markdown would take for something else. */
const cell = (text: string) => text.replaceAll('|', '\\|');

function rowOf(method: string, path: string, { responses = {} }: Operation): string[] {
  const statuses = Object.entries(responses);
  const answers = statuses
    .filter(([status]) => status.startsWith('2'))
    .map(([status, { description = '' }]) => `${status}: ${cell(description)}`);
  const errors = statuses
    .map(([status]) => status)
    .filter((status) => /^[45]/.test(status) && !EVERYWHERE.has(status));
  return [`\`${method.toUpperCase()} ${path}\``, answers.join('; '), errors.join(', ')];
}

/** The page with a table of all calls, those of one subject together. */
export function apiPage(page: string, { paths = {} }: Document): string {
  const bySubject = new Map<string, string[][]>();
  for (const [path, item] of Object.entries(paths)) {
    for (const method of METHODS) {
      const operation = (item as Record<string, Operation>)[method];
      if (operation === undefined) continue;
      const [subject = ''] = operation.tags ?? [];
      bySubject.set(subject, [...(bySubject.get(subject) ?? []), rowOf(method, path, operation)]);
    }
  }
  const rows = [...bySubject.values()].flat();
  return filled(page, BEGIN, table([['call', 'answers', 'may also be'], ...rows]), END);
}
