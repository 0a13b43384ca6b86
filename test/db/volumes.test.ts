import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '../../db/client.ts';
import type { Log } from '../../db/domain/ports.ts';
import { serverVolume } from '../../db/history/volumes.ts';
import { missing, silent } from '../helpers/database.ts';
import { openDatabase } from '../helpers/open-database.ts';

function listening() {
  const told: string[] = [];
  const tell: Log['warn'] = (_object, message) => void told.push(message);
  const log: Log = { ...silent, warn: tell, info: tell };
  return { told, log };
}

void test('the disk of a server', { skip: missing('postgres') }, async (t) => {
  const { sql, target } = await openDatabase(t, 'postgres');
  assert.ok('url' in target);
  const { url } = target;

  await t.test('is seen on this machine by a user who may know where it is', async () => {
    const { told, log } = listening();
    const volume = await serverVolume(sql, url, log);
    const { free = 0, size = 0 } = (await volume?.space()) ?? {};
    assert.ok(free > 0 && size >= free);
    assert.deepEqual(told, []);
  });

  await t.test('is out of sight for any other user, which is told', async () => {
    await sql`create role plain login password 'a-plain-password'`.simple();
    const theirs = new URL(url);
    theirs.username = 'plain';
    theirs.password = 'a-plain-password';
    const client = connect({ url: theirs.href }, silent);
    t.after(() => client.close());
    const { told, log } = listening();
    assert.equal(await serverVolume(client.sql, theirs.href, log), null);
    assert.match(told.join(), /out of sight/);
  });

  await t.test('is out of sight on another machine', async () => {
    const { told, log } = listening();
    assert.equal(await serverVolume(sql, 'postgres://pm@db.example.org/pm', log), null);
    assert.equal(told.length, 1);
  });
});
