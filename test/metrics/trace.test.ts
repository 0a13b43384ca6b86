import assert from 'node:assert/strict';
import { test } from 'node:test';
import { traceOf, traceresponse } from '../../db/domain/trace.ts';

const ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

void test('a valid traceparent is honoured, with a span of our own', () => {
  const trace = traceOf(`00-${ID}-${SPAN}-01`);
  assert.equal(trace.traceId, ID);
  assert.notEqual(trace.spanId, SPAN);
  assert.match(traceresponse(trace), new RegExp(`^00-${ID}-[0-9a-f]{16}-01$`));
  assert.equal(traceOf(`cc-${ID}-${SPAN}-01-what-the-future-will-be-like`).traceId, ID);
});

void test('any other one counts for nothing, and each request has an id of its own', () => {
  const bad = [
    undefined,
    '',
    `00-${ID}-${SPAN}`,
    `00-${ID}-${SPAN}-01-more`,
    `ff-${ID}-${SPAN}-01`,
    `00-${ID.toUpperCase()}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${ID}-${'0'.repeat(16)}-01`,
    `00-${ID}-${SPAN}-01\n`,
    `00-${ID}-${SPAN}-01, 00-${ID}-${SPAN}-01`,
  ];
  const ids = bad.map((header) => traceOf(header).traceId);
  assert.equal(new Set(ids).size, bad.length);
  for (const id of ids) assert.match(id, /^(?!0{32})[0-9a-f]{32}$/);
});
