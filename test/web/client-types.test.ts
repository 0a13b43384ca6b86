import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  API_PAGE_PATH,
  currentApiPage,
  currentTypes,
  TYPES_PATH,
} from '../../scripts/client-types/current.ts';
import { typesFile } from '../../scripts/client-types/types-file.ts';

void test("the client's types are those of the routes", () => {
  assert.equal(readFileSync(TYPES_PATH, 'utf8'), currentTypes(), 'run npm run client-types');
});

void test('the page of the API has every call, as the routes are', () => {
  const page = readFileSync(API_PAGE_PATH, 'utf8');
  assert.ok(page === currentApiPage(page), 'run npm run client-types');
});

const answering = (schema: object) =>
  typesFile({
    paths: { '/x': { get: { responses: { 200: { content: { 'application/json': { schema } } } } } } },
  }).match(/answer: ([\s\S]*?);\n {2}};/)?.[1];

void test('schemas become the types that they describe', () => {
  const string = { type: 'string' };
  assert.equal(answering({ type: ['integer', 'null'] }), 'number | null');
  assert.equal(answering({ anyOf: [string, { type: 'number' }, { type: 'integer' }] }), 'string | number');
  assert.equal(answering({ oneOf: [{ const: 'a' }, { const: 2 }] }), "'a' | 2");
  assert.equal(answering({ type: 'array', items: { enum: ['a', "b'"] } }), "('a' | 'b\\'')[]");
  assert.equal(
    answering({ allOf: [{ anyOf: [string, { type: 'null' }] }, {}] }),
    '(string | null) & unknown',
  );
  assert.equal(answering({ type: 'object', additionalProperties: string }), 'Record<string, string>');
  assert.equal(answering({ type: 'object', additionalProperties: false }), 'Record<string, never>');
  assert.equal(
    answering({ type: 'object', properties: { a: string, 'b-c': {} }, required: ['a'] }),
    "{\n      a: string;\n      'b-c'?: unknown;\n    }",
  );
});
