import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { test } from 'node:test';
import { acl } from '../../api/schemas.ts';
import { passwordFault } from '../../db/accounts/password-rules.ts';
import { makePassword } from '../../web/state/make-password.ts';
import { retold } from '../../web/state/retold.ts';
import { filterFault, filtersOf, lineFaults, spanOfLine } from '../../web/state/topic-lines.ts';

void test('a topic filter is refused exactly where the server refuses it', () => {
  const filters = [
    ...['home/#', '#', '+', 'a/+/b', '/', 'a//b', 'deviceses/x', 'home/devices', 'ü/💡', 'a b'],
    ...['a/#/b', 'a#', 'a/b+', '+a', '##', 'a/#/', 'device/x', 'devices', 'devices/#', '$SYS/#', '$'],
    ...['x'.repeat(256), 'x'.repeat(257), 'a\u0000b', '💡'.repeat(256), '💡'.repeat(257)],
  ];
  for (const filter of filters) {
    const isTaken = acl.safeParse({ publish: [filter], subscribe: [] }).success;
    assert.equal(filterFault(filter) === null, isTaken, JSON.stringify(filter));
  }
});

void test('each line of topic filters is judged by itself', () => {
  const text = 'home/#\n\n  a/#/b \r\n$SYS/x\nb+';
  assert.deepEqual(filtersOf(text), ['home/#', 'a/#/b', '$SYS/x', 'b+']);
  assert.deepEqual(
    lineFaults(text).map(({ line, fault }) => [line, fault]),
    [
      [3, 'hash_not_last'],
      [4, 'reserved'],
      [5, 'wildcard_in_level'],
    ],
  );
  const { start, end } = spanOfLine(text, 4);
  assert.equal(text.slice(start, end), '$SYS/x');
});

void test('a password that is made is taken by the server, and another one each time', () => {
  const made = Array.from({ length: 50 }, () => makePassword((bytes) => randomFillSync(bytes)));
  assert.equal(new Set(made).size, made.length);
  for (const password of made) {
    assert.match(password, /^[a-km-np-z2-9]{5}(-[a-km-np-z2-9]{5}){3}$/);
    assert.equal(passwordFault(password, 'ada'), null);
  }
});

void test('a failure is told in the words of its place, others as they are', () => {
  const failure = { code: 'CONFLICT', text: 'this username is taken', status: 409 };
  assert.deepEqual(retold(failure, { CONFLICT: 'vergeben' }), { ...failure, code: 'TOLD', text: 'vergeben' });
  assert.equal(retold(failure, { INVALID: 'x' }), failure);
  assert.equal(retold(null, {}), null);
});
