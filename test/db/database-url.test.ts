import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDatabaseUrl, socketTarget } from '../../db/domain/database-url.ts';

void test('a server is named by its host, or by the folder of its Unix socket', () => {
  for (const text of [
    'postgres://user:password@host:5432/database',
    'postgresql://host/database?sslmode=disable',
    'postgres:///database?host=/run/postgresql',
  ]) {
    assert.ok(isDatabaseUrl(text), text);
  }
  for (const text of ['postgres:///database', 'postgres:///database?host=server', 'mysql://host/x', 'host']) {
    assert.ok(!isDatabaseUrl(text), text);
  }
});

void test('over a Unix socket the driver is told its path and the user', () => {
  const target = (text: string) => socketTarget(new URL(text));
  assert.deepEqual(target('postgres:///pm-iot?host=/run/postgresql&user=pm-iot'), {
    path: '/run/postgresql/.s.PGSQL.5432',
    username: 'pm-iot',
  });
  assert.deepEqual(target('postgres:///x?host=/tmp&port=5433'), { path: '/tmp/.s.PGSQL.5433' });
  assert.equal(target('postgres://user@host/x?host=/tmp'), null);
});
