import assert from 'node:assert/strict';
import { test } from 'node:test';
import postgres from 'postgres';
import { connected, enrolled, reading } from '../helpers/devices.ts';
import { clusterMissing, openCluster } from '../helpers/nodes.ts';
import { type CommandBody, Rest, type WidgetBody } from '../helpers/rest.ts';
import { until } from '../helpers/wait.ts';

void test('what one node changes holds at the other', { skip: clusterMissing() }, async (t) => {
  const cluster = await openCluster(t);
  const here = await cluster.addNode('here');
  await here.start();
  const there = await cluster.addNode('there');
  await there.start();
  const [rest, other] = [await new Rest(here).logIn(), await new Rest(there).logIn()];
  const { id: room } = await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name: 'Hall' });
  const isConnected = async (id: string) => (await other.device(id)).connected;

  await t.test(
    'a device confirms its key wherever it is connected, and nobody else sees the key',
    async () => {
      const { wire } = await enrolled(here, rest, 'keyed');
      await wire.subscribe('devices/keyed/pair/request');
      wire.onMessage = ({ topic, payload }) => {
        if (topic !== 'devices/keyed/pair/request') return;
        const right = (JSON.parse(payload) as { device_key: string }).device_key === '1234-5678';
        const answer = right ? { status: 'success' } : { status: 'error', message: 'ผิด'.repeat(1300) };
        void wire.publish('devices/keyed/pair/response', answer);
      };
      const pair = (device_key: string) =>
        other.call<{ code: string; room_id: number }>('POST', '/api/devices/keyed/pair', {
          room_id: room,
          device_key,
        });
      const wrong = await pair('0000');
      assert.deepEqual([wrong.status, wrong.body.code], [409, 'PAIR_REJECTED']);
      assert.equal((await pair('1234-5678')).status, 200);
      assert.equal((await rest.device('keyed')).room_id, room);
      await wire.disconnect();
      await until('it is away', async () => !(await isConnected('keyed')));
      const away = await pair('1234-5678');
      assert.deepEqual([away.status, away.body.code], [409, 'DEVICE_OFFLINE']);
    },
  );

  await t.test('what is sent again to another node is stored once, also without a timestamp', async () => {
    const { wire, secret } = await enrolled(here, rest, 'again');
    await wire.publish('devices/again/sensor', reading(5), { messageId: 7 });
    await wire.drop();
    const back = await connected(there, 'again', secret, false);
    await back.publish('devices/again/sensor', reading(5), { messageId: 7, dup: true });
    await back.publish('devices/again/sensor', reading(5), { messageId: 7, dup: true });
    await back.publish('devices/again/sensor', reading(5), { messageId: 8 });
    const { widget_id } = await rest.widget('again', 'temperature');
    const path = `/api/widgets/${widget_id}/readings`;
    const { readings } = (await rest.get<{ readings: unknown[] }>(path)).body;
    assert.equal(readings.length, 2);
    await back.disconnect();
  });

  await t.test('a device that is removed at one node is gone at the other, with its session', async () => {
    const { wire } = await enrolled(here, rest, 'removed');
    const { widget_id } = await rest.widget('removed', 'power');
    const path = `/api/widgets/${widget_id}/command`;
    const waiting = rest.call<{ code: string }>('POST', `${path}?wait=10000`, { value: 'ON' });
    await until('the command waits', async () => {
      const { widgets } = await other.device('removed');
      return widgets.some(({ pending }) => pending !== null);
    });
    await other.expect(204, 'DELETE', '/api/devices/removed');
    await wire.closed;
    assert.equal((await rest.get('/api/devices/removed')).status, 404);
    const ended = await waiting;
    assert.deepEqual([ended.status, ended.body.code], [404, 'NOT_FOUND']);
  });

  await t.test('a person who changes the password is logged out of every other node', async () => {
    const person = { username: 'ann', password: 'a-longer-password-1' };
    await rest.expect(201, 'POST', '/api/auth/register', person);
    const [first, second] = [new Rest(here), new Rest(there)];
    await first.logIn(person);
    await second.logIn(person);
    const change = { current_password: person.password, new_password: 'a-longer-password-2' };
    await first.expect(204, 'PUT', '/api/auth/password', change);
    assert.equal((await second.get('/api/auth/me')).status, 401);
    assert.equal((await first.get('/api/auth/me')).status, 200);
  });

  await t.test('a node that could not listen learns what was taken away meanwhile', async () => {
    const { wire } = await enrolled(here, rest, 'revoked');
    const sql = postgres(cluster.postgres.url, { max: 1 });
    // Every connection that listens, of both nodes: what is told just then is heard by nobody.
    const deafen = sql`select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen %'`;
    await Promise.all([deafen, other.expect(200, 'POST', '/api/devices/revoked/revoke')]);
    await wire.closed;
    await sql.end();
    await other.expect(201, 'POST', '/api/rooms', { name: 'Later' });
    await until('both listen again', async () => {
      const { rooms } = (await rest.get<{ rooms: { name: string }[] }>('/api/rooms')).body;
      return rooms.some(({ name }) => name === 'Later');
    });
  });

  await t.test('without Redis commands are answered, and polls see what was stored', async () => {
    const { wire } = await enrolled(here, rest, 'steady');
    await other.expect(200, 'POST', '/api/devices/steady/pair', { room_id: room });
    wire.onMessage = ({ topic, payload }) => {
      if (!topic.endsWith('/command/request')) return;
      const { reply_topic, value } = JSON.parse(payload) as { reply_topic: string; value: unknown };
      void wire.publish(reply_topic, { status: 'success', value });
    };
    await wire.subscribe('devices/steady/command/request');
    await cluster.redis.stop();
    const { widget_id } = await other.widget('steady', 'power');
    const path = `/api/widgets/${widget_id}/command`;
    const { command } = await other.expect<{ command: CommandBody }>(200, 'POST', path, { value: 'ON' });
    assert.equal(command.status, 'executed');
    const shown = async () => {
      const all = `/api/rooms/${room}/widgets?status=all`;
      const { widgets } = (await other.get<{ widgets: WidgetBody[] }>(all)).body;
      return widgets.filter(({ device }) => device.device_id === 'steady').map(({ value }) => value);
    };
    await wire.publish('devices/steady/sensor', reading(17));
    await until('the poll shows it', async () => (await shown()).includes(17));
    await cluster.redis.start();
    await wire.publish('devices/steady/sensor', reading(18));
    await until('and the next one', async () => (await shown()).includes(18));
    await wire.disconnect();
  });

  await t.test(
    'what a node took away in the database and was killed before it said so holds as well',
    async () => {
      const { wire } = await enrolled(here, rest, 'unsaid');
      const sql = postgres(cluster.postgres.url, { max: 1 });
      await sql`update devices set revoked_at = now() where device_id = 'unsaid'`;
      await sql`delete from users where username = 'ann'`;
      await sql.end();
      await there.stop('SIGKILL');
      await wire.closed;
      const people = (await rest.get<{ users: { username: string }[] }>('/api/users')).body.users;
      assert.deepEqual(
        people.map(({ username }) => username),
        ['admin'],
      );
    },
  );
});
