import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPasswordGate, type Visitor } from '../../db/accounts/password-gate.ts';

const stranger = (key: string): Visitor => ({ known: false, key });
const AT_HOME: Visitor = { known: true, key: 'admin\n192.0.2.1' };

/** A gate whose tasks run until they are told to end, in the order in which they began. */
function openGate(waitingStrangers = 25) {
  const gate = createPasswordGate({ places: 2, placesOfStrangers: 1, waiting: 50, waitingStrangers });
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const enter = (visitor: Visitor, label = visitor.key) =>
    gate.run(visitor, () => {
      begun.push(label);
      return new Promise<void>((resolve) => ends.push(resolve));
    });
  const attempt = (visitor: Visitor, label?: string) =>
    enter(visitor, label).then(
      () => 'done',
      ({ code, retryAfter }: { code: string; retryAfter: number }) => `${code} ${retryAfter}`,
    );
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const endNext = async () => {
    ends.shift()?.();
    await turn();
  };
  return { begun, attempt, turn, endNext };
}

void test('who is known waits for no stranger, however many there are', async () => {
  const { begun, attempt, turn } = openGate();
  for (let i = 0; i < 840; i++) void attempt(stranger(`198.51.100.${i % 12}`));
  await turn();
  assert.equal(begun.length, 1, 'strangers never hold every place');
  void attempt(AT_HOME);
  await turn();
  assert.equal(begun[1], AT_HOME.key);
});

void test('nor do those who are known shut strangers out', async () => {
  const { begun, attempt, turn, endNext } = openGate();
  for (let i = 0; i < 20; i++) void attempt(AT_HOME);
  void attempt(stranger('192.0.2.9'));
  await turn();
  assert.deepEqual(begun, [AT_HOME.key, AT_HOME.key]);
  await endNext();
  assert.equal(begun[2], '192.0.2.9');
});

void test('strangers take turns by address', async () => {
  const { begun, attempt, turn, endNext } = openGate();
  for (let i = 0; i < 20; i++) void attempt(stranger('many'));
  void attempt(stranger('one'));
  await turn();
  for (let i = 0; i < 3; i++) await endNext();
  assert.deepEqual(begun.slice(0, 4), ['many', 'many', 'one', 'many']);
});

void test('when it is full, the address that has most waiting gives way, and is told to try again', async () => {
  const { begun, attempt, turn, endNext } = openGate(4);
  const many = Array.from({ length: 5 }, (_, i) => attempt(stranger('many'), `many ${i}`));
  assert.equal(await attempt(stranger('many')), 'TOO_MANY_REQUESTS 1');
  void attempt(stranger('one'));
  assert.equal(await many[4], 'TOO_MANY_REQUESTS 1', 'its newest');
  void attempt(stranger('two'));
  assert.equal(await many[3], 'TOO_MANY_REQUESTS 1');
  void attempt(stranger('one'), 'one again');
  await turn();
  assert.equal(await attempt(stranger('one')), 'TOO_MANY_REQUESTS 1', 'nobody has more than it');
  for (let i = 0; i < 5; i++) await endNext();
  assert.deepEqual(begun, ['many 0', 'many 1', 'one', 'two', 'many 2']);
});

void test('a place is free again after a task that failed', async () => {
  const gate = createPasswordGate({ places: 1, placesOfStrangers: 1, waiting: 0, waitingStrangers: 0 });
  await assert.rejects(
    gate.run(AT_HOME, () => Promise.reject(new Error('no memory'))),
    /no memory/,
  );
  assert.equal(await gate.run(AT_HOME, async () => 'next'), 'next');
});
