import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect as connectTo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { sql as statement } from 'drizzle-orm';
import { connect, isUnavailable } from '../../db/client.ts';
import { silent } from '../helpers/database.ts';
import { postgresMissing, startPostgres } from '../helpers/postgres.ts';

/** The driver alone would throw where nobody can catch it, which ends the process. */
void test('a connection that breaks within a transaction is an error of the transaction', {
  skip: postgresMissing(),
}, async (t) => {
  const postgres = await startPostgres();
  t.after(postgres.dispose);
  const sockets = new Set<Socket>();
  const relay = createServer((client) => {
    const server = connectTo(postgres.port, '127.0.0.1');
    for (const socket of [client, server]) sockets.add(socket.on('error', () => {}));
    client.pipe(server).pipe(client);
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  t.after(() => relay.close());
  const { port } = relay.address() as AddressInfo;
  const { sql, db, close } = connect({ url: postgres.url.replace(`:${postgres.port}`, `:${port}`) }, silent);
  t.after(close);

  const cuts: ((socket: Socket) => void)[] = [
    (socket) => socket.destroy(),
    (socket) => socket.resetAndDestroy(),
  ];
  for (const cut of cuts) {
    const within = [
      sql.begin((tx) => tx`select pg_sleep(30)`),
      sql.begin('read only', async (tx) => void (await tx`select pg_sleep(30)`)),
      db.transaction((tx) => tx.execute(statement`select pg_sleep(30)`)),
    ];
    setTimeout(() => {
      for (const socket of sockets) cut(socket);
      sockets.clear();
    }, 500);
    for (const result of await Promise.allSettled(within)) {
      assert.ok(result.status === 'rejected' && isUnavailable(result.reason), JSON.stringify(result));
    }
    assert.deepEqual([...(await sql`select 1 as one`)], [{ one: 1 }]);
  }
  // Whatever else goes wrong is undone, as ever.
  await sql`create table t (a int)`;
  await assert.rejects(
    sql.begin(async (tx) => {
      await tx`insert into t values (1)`;
      throw new Error('on purpose');
    }),
    /on purpose/,
  );
  assert.equal((await sql`select * from t`).length, 0);
});
