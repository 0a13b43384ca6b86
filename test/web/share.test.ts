import assert from 'node:assert/strict';
import { test } from 'node:test';
import { share } from '../../web/state/share.ts';
import { type Random, randomOf } from '../helpers/random.ts';

type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

const NAMES = ['a', 'b', 'value', '__proto__', 'constructor', 'toString', '', 'ชื่อ'];
const IDS = ['id', 'widget_id', 'device_id'];

function scalar({ next, below, pick }: Random): Json {
  const n = next();
  if (n < 0.4) return below(3);
  return n < 0.8 ? pick(['', 'ON', 'OFF']) : pick([true, false, null]);
}

function fields(random: Random, depth: number): [string, Json][] {
  return Array.from({ length: random.below(5) }, () => [random.pick(NAMES), json(random, depth - 1)]);
}

/** Things with ids, each of them once. */
function things(random: Random, depth: number): Json[] {
  const id = random.pick(IDS);
  const ids = [0, 1, 2, 3, 4, 5].filter(() => random.next() < 0.6);
  ids.sort(() => random.next() - 0.5);
  return ids.map((n) => Object.fromEntries([[id, n] as const, ...fields(random, depth)]));
}

function json(random: Random, depth = 4): Json {
  if (depth === 0) return scalar(random);
  const n = random.next();
  if (n < 0.25) return scalar(random);
  if (n < 0.5) return things(random, depth);
  if (n < 0.65) return Array.from({ length: random.below(4) }, () => json(random, depth - 1));
  return Object.fromEntries(fields(random, depth));
}

/** The same, with some parts another, moved, gone or new. */
function altered(random: Random, value: Json): Json {
  if (random.next() < 0.08) return json(random, 2);
  if (Array.isArray(value)) {
    const items = value.map((item) => altered(random, item));
    if (random.next() < 0.3) items.splice(random.below(items.length + 1), 1);
    if (random.next() < 0.3) items.sort(() => random.next() - 0.5);
    return items;
  }
  if (typeof value !== 'object' || value === null) return random.next() < 0.1 ? scalar(random) : value;
  const kept = Object.entries(value).filter(() => random.next() > 0.05);
  return Object.fromEntries(kept.map(([name, part]) => [name, altered(random, part)]));
}

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
/** Without regard to the order of fields; `__proto__` is a name like any other. */
const canonical = (value: Json): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const parts = Object.entries(value).map(([name, part]) => `${JSON.stringify(name)}:${canonical(part)}`);
  return `{${parts.sort().join()}}`;
};

void test('what is shared tells exactly what came, and is what was there wherever that tells the same', () => {
  const random = randomOf(20_260_301);
  let kept = 0;
  for (let run = 0; run < 3000; run += 1) {
    const before = json(random);
    const next = altered(random, copy(before));
    const untouched = copy(next);
    const shared = share(before, next);
    const told = `run ${run}: ${canonical(before)} → ${canonical(next)}`;
    assert.equal(canonical(shared), canonical(untouched), told);
    if (canonical(before) === canonical(next)) {
      assert.ok(shared === before, told);
      kept += 1;
    }
    assert.ok(share(before, copy(before)) === before, told);
    // A field that tells the same is the same, however much beside it has changed.
    if (isFields(before) && isFields(shared)) {
      for (const [name, part] of Object.entries(shared)) {
        if (!Object.hasOwn(before, name) || canonical(before[name] ?? null) !== canonical(part)) continue;
        assert.ok(Object.is(part, before[name]), `${told}, ${name}`);
      }
    }
  }
  assert.ok(kept > 300, `${kept} runs without a change`);
});

const isFields = (value: Json): value is { [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

for (const id of IDS) {
  void test(`things with ${id} keep what they are when they move, come and go`, () => {
    const thing = (n: number, value: string) => ({ [id]: n, name: { text: `number ${n}` }, value });
    const before = [thing(1, 'a'), thing(2, 'b'), thing(3, 'c')];
    const shared = share(before, [thing(3, 'c'), thing(4, 'd'), thing(1, 'z')]);
    assert.ok(shared[0] === before[2]);
    assert.deepEqual(shared[1], thing(4, 'd'));
    assert.deepEqual(shared[2], thing(1, 'z'));
    assert.ok(shared[2]?.name === before[0]?.name);
    assert.ok(share(before, [thing(1, 'a'), thing(2, 'b')])[0] === before[0]);
    assert.ok(share(before, copy(before)) === before);
  });
}

void test('events of one device are told apart', () => {
  const event = (id: number) => ({ id, device_id: 'lamp', detail: { value: id } });
  const before = { events: [event(3), event(2), event(1)] };
  const shared = share(before, { events: [event(4), event(3), event(2)] });
  assert.ok(shared.events[1] === before.events[0]);
  assert.ok(shared.events[2] === before.events[1]);
});

void test('a state that a device calls __proto__ is a state like any other', () => {
  const told = (seconds: number) => JSON.parse(`{"states":{"__proto__":{"s":${seconds}},"on":1}}`) as object;
  const before = told(1);
  assert.ok(share(before, told(1)) === before);
  assert.equal(JSON.stringify(share(before, told(2))), JSON.stringify(told(2)));
  assert.equal(JSON.stringify(share({ states: {} }, told(2))), JSON.stringify(told(2)));
  const own = (value: object) => Object.getOwnPropertyDescriptor(value, '__proto__')?.value as unknown;
  assert.notEqual(own(share({}, JSON.parse('{"__proto__":{}}') as object)), Object.prototype);
});
