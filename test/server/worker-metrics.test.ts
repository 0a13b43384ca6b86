import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Counter, Gauge, Registry } from 'prom-client';
import { type Asked, createBoxMetrics } from '../../server/worker-metrics.ts';
import type { Measured } from '../../server/worker-words.ts';

/** A worker with things to count. It answers as long as `answers` is true. */
function worker() {
  const registers = [new Registry()];
  const [registry] = registers as [Registry];
  const counter = new Counter({ name: 'things_total', help: 'things', labelNames: ['kind'], registers });
  const open = new Gauge({ name: 'open', help: 'sum', registers });
  const days = new Gauge({ name: 'days', help: 'the least', aggregator: 'min', registers });
  const made = { counter, open, days, answers: true, asked: 0, asAsked: {} as Asked };
  const measured = async (): Promise<Measured> =>
    JSON.parse(JSON.stringify(await registry.getMetricsAsJSON()));
  return { ...made, measured };
}

function box(count: number) {
  const workers = Array.from({ length: count }, worker);
  const ready = new Set<Asked>();
  const metrics = createBoxMetrics({ workers: count, ready: () => ready });
  for (const each of workers) {
    each.asAsked = {
      tell: (word) => {
        each.asked++;
        if (each.answers) void each.measured().then((told) => metrics.told(each.asAsked, word.id, told));
      },
    };
    ready.add(each.asAsked);
  }
  const [one, two] = workers as [ReturnType<typeof worker>, ReturnType<typeof worker>];
  const lines = async () => (await metrics.text()).split('\n').filter((line) => !/^(#|$)/.test(line));
  return { one, two, ready, metrics, lines };
}

void test('counters and gauges of workers are sums, or what the metric says', async () => {
  const { one, two, lines } = box(2);
  one.counter.inc({ kind: 'a' }, 3);
  two.counter.inc({ kind: 'a' }, 4);
  two.counter.inc({ kind: 'b' });
  one.open.set(10);
  two.open.set(20);
  one.days.set(90);
  two.days.set(30);
  assert.deepEqual((await lines()).sort(), [
    'days 30',
    'open 30',
    'pm_iot_workers 2',
    'pm_iot_workers_answered 2',
    'things_total{kind="a"} 7',
    'things_total{kind="b"} 1',
  ]);
});

void test('one that does not answer is left out after a second, and what it has counted is not', async () => {
  const { one, two, lines } = box(2);
  one.counter.inc({ kind: 'a' }, 3);
  one.open.set(10);
  two.counter.inc({ kind: 'a' }, 4);
  two.open.set(20);
  await lines();
  one.answers = false;
  one.counter.inc({ kind: 'a' });
  two.counter.inc({ kind: 'a' });
  const began = performance.now();
  const told = await lines();
  assert.ok(performance.now() - began < 2000);
  for (const line of ['open 20', 'pm_iot_workers 2', 'pm_iot_workers_answered 1', 'things_total{kind="a"} 8'])
    assert.ok(told.includes(line), line);
  one.answers = true;
  assert.ok((await lines()).includes('things_total{kind="a"} 9'));
});

void test('counters never go down: not when workers end, however many do', async () => {
  const { one, two, ready, metrics, lines } = box(2);
  for (const each of [one, two]) each.counter.inc({ kind: 'a' }, 5);
  await lines();
  for (const each of [one, two]) {
    ready.delete(each.asAsked);
    metrics.ended(each.asAsked);
  }
  for (let i = 0; i < 2; i++)
    assert.deepEqual(await lines(), [
      'things_total{kind="a"} 10',
      'pm_iot_workers 2',
      'pm_iot_workers_answered 0',
    ]);
});

void test('who asks at the same time is answered together', async () => {
  const { one, lines } = box(2);
  await Promise.all(Array.from({ length: 50 }, lines));
  assert.equal(one.asked, 1);
});
