import assert from 'node:assert/strict';
import { type Block, nameOf } from './page.ts';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;

/** `…` stands for anything. */
function pattern(text: string): RegExp {
  const escaped = text.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${escaped.join('[\\s\\S]*')}$`);
}

/** The same keys and kinds; ids and times may be others. */
function assertLike(shown: unknown, printed: unknown, path: string): void {
  if (typeof shown === 'string') {
    const times = TIME.test(shown) && typeof printed === 'string' && TIME.test(printed);
    assert.ok(times || pattern(shown).test(String(printed)), `${path}: ${String(printed)} is not ${shown}`);
    return;
  }
  if (typeof shown === 'number' && /id$/.test(path)) {
    assert.equal(typeof printed, 'number', path);
    return;
  }
  if (typeof shown !== 'object' || shown === null) {
    assert.deepEqual(printed, shown, path);
    return;
  }
  assert.ok(typeof printed === 'object' && printed !== null, `${path}: ${JSON.stringify(printed)}`);
  assert.deepEqual(Object.keys(printed).sort(), Object.keys(shown).sort(), path);
  for (const [key, value] of Object.entries(shown)) {
    assertLike(value, (printed as Record<string, unknown>)[key], `${path}.${key}`);
  }
}

/** What was printed is what the page shows: in text `…` stands for anything, in JSON ids and times may be others. */
export function assertOutput(shown: Block, printed: string): void {
  if (shown.language === 'json') assertLike(JSON.parse(shown.text), JSON.parse(printed), nameOf(shown));
  else {
    const [text, output] = [shown.text.trim(), printed.trim()];
    assert.ok(pattern(text).test(output), `${nameOf(shown)}: printed is\n${output}`);
  }
}
