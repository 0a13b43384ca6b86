import type { z } from '@hono/zod-openapi';

type Issue = z.core.$ZodIssue;

export interface Fault {
  /** `widget_orders.0.order`; `body` or `query` for the whole. */
  path: string;
  message: string;
}

const KINDS: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a JSON object',
};
const kindOf = (expected: string) => KINDS[expected] ?? expected;

const UNITS: Record<string, string> = { string: ' characters', array: ' entries' };
const unitOf = (origin: string) => UNITS[origin] ?? '';

const choice = (words: readonly string[]) => [...new Set(words)].join(', ').replace(/, (?=[^,]*$)/, ' or ');

function valueAt(data: unknown, path: PropertyKey[]): unknown {
  let value = data;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

/** What was expected. The schemas' own words (`custom`, `invalid_format`) are written for people already. */
function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return kindOf(issue.expected);
    case 'invalid_value':
      return choice(issue.values.map(String));
    case 'invalid_union':
      return choice(issue.errors.flat().map(expectation));
    case 'too_small':
      return issue.minimum === 1 && issue.origin === 'string'
        ? 'must not be empty'
        : `at least ${issue.minimum}${unitOf(issue.origin)}`;
    case 'too_big':
      return `at most ${issue.maximum}${unitOf(issue.origin)}`;
    default:
      return issue.message;
  }
}

/** What is wrong with a part of a request, field by field, in words of people and not of the validator. */
export function faultsOf(issues: readonly Issue[], data: unknown, target: string): Fault[] {
  return issues.flatMap((issue) => {
    const named = (...more: string[]) =>
      [...issue.path, ...more].join('.') || (target === 'json' ? 'body' : target);
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({ path: named(key), message: 'there is no such field' }));
    const value = valueAt(data, issue.path);
    if (value === undefined) return [{ path: named(), message: 'is required' }];
    if (target === 'query' && Array.isArray(value))
      return [{ path: named(), message: 'given more than once' }];
    return [{ path: named(), message: expectation(issue) }];
  });
}
