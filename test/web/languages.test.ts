import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { messages as english } from '../../web/i18n/en.ts';
import { createFormat } from '../../web/i18n/format.ts';

type Value = string | number | boolean;
type Text = string | ((...values: Value[]) => string);

/** Texts by their path: `card.fault.rejected`. */
function textsOf(messages: object, path = ''): Map<string, Text> {
  const texts = new Map<string, Text>();
  for (const [name, value] of Object.entries(messages) as [string, Text | object][]) {
    const at = path === '' ? name : `${path}.${name}`;
    if (typeof value === 'object') for (const [inner, text] of textsOf(value, at)) texts.set(inner, text);
    else texts.set(at, value as Text);
  }
  return texts;
}

const MARKS = ['⟦1⟧', '⟦2⟧', '⟦3⟧', '⟦4⟧', '⟦5⟧'];
/** As a person would see it, with something else for one of the marks. */
function said(text: Text, at = -1, other: Value = ''): string {
  return typeof text === 'string' ? text : text(...MARKS.map((mark, i) => (i === at ? other : mark)));
}
const marksIn = (words: string) => MARKS.filter((mark) => words.includes(mark));

const CODES = readdirSync(fileURLToPath(new URL('../../web/i18n', import.meta.url)))
  .map((name) => /^(..)\.js$/.exec(name)?.[1])
  .filter((code) => code !== undefined);
const load = async (code: string) =>
  ((await import(new URL(`../../web/i18n/${code}.js`, import.meta.url).href)) as { messages: object })
    .messages;

/** Words that are the same in every language: names, units, and what stands in for words. */
const SAME = new Set<string>([]);

const ENGLISH = textsOf(english);

void test('there are the languages of the users', () => {
  for (const code of ['en', 'th']) assert.ok(CODES.includes(code), code);
});

for (const code of CODES) {
  void test(`${code}: no text is empty, and none says what it should not`, async () => {
    for (const [path, text] of textsOf(await load(code))) {
      const words = said(text);
      assert.equal(typeof words, 'string', path);
      assert.equal(words, words.trim(), path);
      assert.notEqual(words, '', path);
      assert.doesNotMatch(words, /undefined|\[object|NaN|TODO/, path);
    }
  });

  if (code !== 'en') {
    void test(`${code}: the fields of English, saying what they say, in words of its own`, async () => {
      const texts = textsOf(await load(code));
      assert.deepEqual([...texts.keys()].sort(), [...ENGLISH.keys()].sort());
      for (const [path, text] of texts) {
        const original = ENGLISH.get(path);
        assert.ok(original !== undefined, path);
        assert.equal(typeof text, typeof original, path);
        assert.deepEqual(marksIn(said(text)), marksIn(said(original)), `${path}: ${said(text)}`);
        if (!SAME.has(path)) assert.notEqual(said(text), said(original), `${path} is English`);
      }
    });
  }
}

void test('each text makes use of all that it is given', () => {
  for (const [path, text] of ENGLISH) {
    if (typeof text === 'string') continue;
    for (let i = 0; i < text.length; i += 1) {
      // A number may only tell one from many.
      const others = [1, 2, true, false, 'other'].map((other) => said(text, i, other));
      assert.ok(
        others.some((words) => words !== said(text)),
        `${path}, ${i + 1}`,
      );
    }
  }
});

void test('what may be the same in all languages is there, and is the same', async () => {
  const thai = textsOf(await load('th'));
  for (const path of SAME) {
    const [a, b] = [thai.get(path), ENGLISH.get(path)];
    assert.ok(a !== undefined && b !== undefined && said(a) === said(b), path);
  }
});

void test('numbers, lengths of time and times past are told as the language does', () => {
  const now = Date.parse('2026-03-01T08:00:00Z');
  const en = createFormat('en');
  assert.equal(en.number(1234.567), '1,234.57');
  assert.equal(en.bytes(1_500_000), '1.5 MB');
  assert.equal(en.bytes(0), '0 byte');
  assert.equal(en.span(3 * 3_600_000 + 5), '3 hours');
  assert.equal(en.span(10), '0 seconds');
  assert.equal(en.ago(now - 3 * 60_000, now), '3 minutes ago');
  assert.equal(en.ago(now + 60_000, now), 'now');
  assert.equal(en.ago(new Date(now - 86_400_000).toISOString(), now), 'yesterday');
  const th = createFormat('th');
  assert.equal(th.ago(now - 3 * 60_000, now), '3 นาทีที่ผ่านมา');
  assert.match(th.date(now), /มี\.ค\./);
});
