import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileNameOf } from '../../web/state/file-name.ts';

void test('the name for newer clients goes before the plain one', () => {
  const both = `attachment; filename="Room.csv"; filename*=UTF-8''%E0%B8%AB%E0%B9%89%E0%B8%AD%E0%B8%87.csv`;
  assert.equal(fileNameOf(both, 'x.csv'), 'ห้อง.csv');
  assert.equal(fileNameOf('attachment; filename="Room.csv"', 'x.csv'), 'Room.csv');
});

void test('a name leads to no other folder, and there is always one', () => {
  assert.equal(fileNameOf(`attachment; filename*=UTF-8''..%2F..%2Fa%00b.csv`, 'x.csv'), '..-..-a-b.csv');
  assert.equal(fileNameOf(`attachment; filename="a"; filename*=UTF-8''%E0%`, 'x.csv'), 'a');
  for (const none of [null, '', 'attachment', 'attachment; filename=""'])
    assert.equal(fileNameOf(none, 'x.csv'), 'x.csv');
});
