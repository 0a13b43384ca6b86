import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStore } from '../../web/state/store.ts';

const sum = () => createStore((state: number, event: number) => state + event, 0);

void test('a listener is told of each new state, and of none after its end', () => {
  const store = sum();
  const seen: number[] = [];
  const end = store.subscribe(() => seen.push(store.get()));
  store.dispatch(1);
  store.dispatch(2);
  end();
  end();
  store.dispatch(3);
  assert.deepEqual(seen, [1, 3]);
  assert.equal(store.get(), 6);
});

void test('an event that changes nothing is told to nobody', () => {
  const store = sum();
  store.subscribe(() => assert.fail('told'));
  store.dispatch(0);
});

void test('a listener may end its own and another subscription while it is told', () => {
  const store = sum();
  const told: string[] = [];
  const endFirst = store.subscribe(() => {
    told.push('first');
    endFirst();
    endSecond();
  });
  const endSecond = store.subscribe(() => told.push('second'));
  store.subscribe(() => told.push('third'));
  store.dispatch(1);
  store.dispatch(1);
  assert.deepEqual(told, ['first', 'third', 'third']);
});

void test('a listener may subscribe another one and dispatch while it is told', () => {
  const store = sum();
  const seen: number[] = [];
  let late = 0;
  const end = store.subscribe(() => {
    end();
    store.subscribe(() => {
      late += 1;
    });
    store.dispatch(10);
  });
  store.subscribe(() => seen.push(store.get()));
  store.dispatch(1);
  assert.equal(store.get(), 11);
  assert.equal(seen.at(-1), 11);
  assert.ok(seen.every((state) => state === 11));
  assert.equal(late, 1);
});
