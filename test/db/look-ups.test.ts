import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLookUps } from '../../db/stores/look-ups.ts';
import { until } from '../helpers/wait.ts';

interface Statement {
  keys: string[];
  answer: (rows: Map<string, string>) => void;
  fail: (error: Error) => void;
}

function start() {
  const statements: Statement[] = [];
  const find = createLookUps<string>(
    (keys) =>
      new Promise((answer, fail) => {
        statements.push({ keys, answer, fail });
      }),
  );
  const statement = async (i: number): Promise<Statement> => {
    await until(`statement ${i}`, () => statements.length > i);
    return statements[i] ?? assert.fail();
  };
  return { find, statements, statement };
}

void test('the first one asks at once, and whoever asks meanwhile shares the next statement', async () => {
  const { find, statements, statement } = start();
  const first = find('a');
  assert.deepEqual(statements[0]?.keys, ['a']);
  const others = ['b', 'c', 'b', 'a'].map(find);
  assert.equal(statements.length, 1);
  (await statement(0)).answer(new Map([['a', 'old']]));
  assert.equal(await first, 'old');
  assert.deepEqual(
    (await statement(1)).keys,
    ['b', 'c', 'a'],
    'what was asked again is looked up again, once',
  );
  (await statement(1)).answer(
    new Map([
      ['a', 'new'],
      ['b', 'row'],
    ]),
  );
  assert.deepEqual(await Promise.all(others), ['row', null, 'row', 'new']);
});

void test('a statement that fails fails for those in it alone', async () => {
  const { find, statement } = start();
  const first = find('a');
  const second = find('b');
  (await statement(0)).fail(new Error('away'));
  await assert.rejects(first, /away/);
  (await statement(1)).answer(new Map([['b', 'row']]));
  assert.equal(await second, 'row');
});

void test('a crowd is looked up in statements of at most 500, in its order', async () => {
  const { find, statements, statement } = start();
  const all = [find('first'), ...Array.from({ length: 700 }, (_, i) => find(`device-${i}`))];
  for (let i = 0; i < 3; i++) {
    const { keys, answer } = await statement(i);
    answer(new Map(keys.map((key) => [key, key])));
  }
  assert.deepEqual(
    statements.map(({ keys }) => keys.length),
    [1, 500, 200],
  );
  assert.equal((await Promise.all(all)).at(-1), 'device-699');
});
