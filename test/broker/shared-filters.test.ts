import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSharedFilters } from '../../broker/shared/filters.ts';
import type { Bus, Hear } from '../../db/domain/cluster.ts';

function open() {
  const asked: { body: unknown; answer: () => void }[] = [];
  let hear: Hear = () => {};
  let lose: (node: string) => void = () => {};
  const bus = {
    on: (_kind: string, each: Hear) => {
      hear = each;
    },
    onAnnounce: () => {},
    onLost: (forget: typeof lose) => {
      lose = forget;
    },
    tell: () => true,
    ask: (_kind: string, body: unknown) =>
      new Promise<void>((resolve) => void asked.push({ body, answer: resolve })),
  } as unknown as Bus;
  const filters = createSharedFilters({ bus, onChange: () => {} });
  return {
    filters,
    asked,
    hear: (from: string, change: object) => void hear(change as never, from),
    lose: (node: string) => lose(node),
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

void test('nobody is told of a subscription before the others know it, also the second one to a filter', async () => {
  const { filters, asked } = open();
  const known: string[] = [];
  void filters.subscribed('a/#').then(() => known.push('first'));
  await turn();
  void filters.subscribed('a/#').then(() => known.push('second'));
  await turn();
  assert.deepEqual([known, asked.length], [[], 1]);
  asked[0]?.answer();
  await turn();
  assert.deepEqual(known, ['first', 'second']);
});

void test('what a node has told counts until it is lost', () => {
  const { filters, hear, lose } = open();
  hear('b', { add: ['a/#', 'b'] });
  hear('c', { add: ['b'] });
  lose('b');
  assert.deepEqual([filters.matches('a/x'), filters.matches('b')], [false, true]);
});
