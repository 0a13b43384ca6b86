import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { enrolled, reading } from '../helpers/devices.ts';
import { etagOf, type HttpConnection, openConnection, requestBytes } from '../helpers/raw-http.ts';
import { Rest } from '../helpers/rest.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';

const EVA = { username: 'eva', password: 'correct horse battery' };

/** Header lines but for what differs from second to second, and the id of a request, which only the first one gets. */
const linesOf = (head: string) =>
  head
    .toLowerCase()
    .split('\r\n')
    .filter((line) => !/^(date|traceresponse):/.test(line))
    .sort();

async function home(t: TestContext, env: Record<string, string> = {}) {
  const { server, rest } = await startServer(t, env);
  const { id } = await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name: 'Hall' });
  const { wire } = await enrolled(server, rest, 'lamp');
  await rest.expect(200, 'POST', '/api/devices/lamp/pair', { room_id: id });
  const account = { ...EVA, role: 'USER', room_ids: [id] };
  const { user } = await rest.expect<{ user: { id: number } }>(201, 'POST', '/api/users', account);
  const path = `/api/rooms/${id}/widgets?status=all`;
  const open = async () => {
    const connection = await openConnection(server.ports.http);
    t.after(() => connection.close());
    return connection;
  };
  return { server, rest, wire, roomId: id, userId: user.id, path, open };
}

/** Asks until the connection knows the request: the third time at the latest it is the one that was kept. */
async function settled(connection: HttpConnection, path: string, token: string): Promise<string> {
  const first = await connection.ask(requestBytes({ path, token }));
  assert.equal(first.status, 200);
  const etag = etagOf(first.head) ?? '';
  for (let i = 0; i < 2; i++) {
    assert.equal((await connection.ask(requestBytes({ path, token, etag }))).status, 304);
    assert.equal((await connection.ask(requestBytes({ path, token }))).status, 200);
  }
  return etag;
}

void test('a poll that a connection repeats is answered as if it were new', async (t) => {
  const { server, rest, wire, roomId, userId, path, open } = await home(t);
  const asEva = async () => (await new Rest(server).logIn(EVA)).token;
  const poll = { path, token: await asEva() };

  await t.test('with the same headers and bytes, unchanged or whole', async () => {
    const kept = await open();
    const etag = await settled(kept, path, poll.token);
    for (const request of [requestBytes(poll), requestBytes({ ...poll, etag })]) {
      const again = await kept.ask(request);
      const fresh = await (await open()).ask(request);
      assert.equal(again.status, fresh.status);
      assert.deepEqual(linesOf(again.head), linesOf(fresh.head));
      assert.deepEqual(again.body, fresh.body);
    }
  });

  await t.test('with what has changed since, whatever it is', async () => {
    const kept = await open();
    let etag = await settled(kept, path, poll.token);
    const { widget_id: id } = await rest.widget('lamp', 'power');
    const changes: [string, () => Promise<unknown>][] = [
      ['a value', () => wire.publish('devices/lamp/sensor', reading(21.5))],
      ['a name', () => rest.expect(200, 'PATCH', `/api/widgets/${id}`, { name: 'Main light' })],
      ['an order', () => rest.expect(200, 'PATCH', `/api/widgets/${id}`, { order: 99 })],
      ['a visibility', () => rest.expect(200, 'PATCH', `/api/widgets/${id}`, { status: 'include' })],
      ['a command', () => rest.expect(202, 'POST', `/api/widgets/${id}/command?wait=0`, { value: 'ON' })],
      ['a device that goes', () => wire.disconnect()],
      ['a device that leaves the room', () => rest.expect(200, 'POST', '/api/devices/lamp/unpair')],
    ];
    for (const [name, change] of changes) {
      await change();
      await until(`${name} is seen`, async () => {
        const { status, head } = await kept.ask(requestBytes({ ...poll, etag }));
        if (status === 304) return false;
        const fresh = await (await open()).ask(requestBytes({ ...poll, etag }));
        if (etagOf(head) !== etagOf(fresh.head)) return false;
        etag = etagOf(head) ?? '';
        return true;
      });
    }
  });

  await t.test('lists and single widgets, too', async () => {
    const { widget_id: id } = await rest.widget('lamp', 'power');
    await rest.expect(200, 'POST', '/api/devices/lamp/pair', { room_id: roomId });
    for (const each of ['/api/rooms', '/api/widgets', `/api/widgets/${id}`]) {
      const kept = await open();
      const etag = await settled(kept, each, poll.token);
      await rest.expect(200, 'PATCH', `/api/widgets/${id}`, { name: `Light of ${each}` });
      await rest.expect(200, 'PUT', `/api/rooms/${roomId}`, { name: `Hall of ${each}` });
      const request = requestBytes({ path: each, token: poll.token, etag });
      const again = await kept.ask(request);
      assert.equal(again.status, 200);
      assert.deepEqual(again.body, (await (await open()).ask(request)).body);
    }
  });

  await t.test('not for another caller, path or condition', async () => {
    const kept = await open();
    const etag = await settled(kept, path, poll.token);
    const zoe = { username: 'zoe', password: 'another horse battery' };
    await rest.expect(201, 'POST', '/api/users', { ...zoe, role: 'USER' });
    const stranger = (await new Rest(server).logIn(zoe)).token;
    const statusOf = async (request: Parameters<typeof requestBytes>[0]) =>
      (await kept.ask(requestBytes(request))).status;
    assert.equal(await statusOf({ ...poll, token: stranger, etag }), 404);
    assert.equal(await statusOf({ ...poll, token: `${poll.token}x`, etag }), 401);
    assert.equal(await statusOf({ path, etag }), 401);
    assert.equal(await statusOf({ ...poll, path: `${path}&more=1`, etag }), 400);
    assert.equal(await statusOf({ ...poll, etag: '"another"' }), 200);
    assert.equal(await statusOf({ ...poll, etag }), 304);
  });

  await t.test('until the token or the right ends', async () => {
    const endings: [number, (token: string) => Promise<unknown>][] = [
      [401, (token) => Object.assign(new Rest(server), { token }).expect(204, 'POST', '/api/auth/logout')],
      [404, () => rest.expect(200, 'PUT', `/api/users/${userId}`, { room_ids: [] })],
      [401, () => rest.expect(200, 'PUT', `/api/users/${userId}`, { password: 'yet another horse' })],
      [404, () => rest.expect(204, 'DELETE', `/api/rooms/${roomId}`)],
    ];
    for (const [status, end] of endings) {
      await rest.expect(200, 'PUT', `/api/users/${userId}`, { room_ids: [roomId], password: EVA.password });
      const token = await asEva();
      const kept = await open();
      const etag = await settled(kept, path, token);
      await end(token);
      assert.equal((await kept.ask(requestBytes({ path, token, etag }))).status, status);
      assert.equal((await kept.ask(requestBytes({ path, token }))).status, status);
    }
  });

  await t.test('until the account ends', async () => {
    const { id } = await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name: 'Attic' });
    const attic = `/api/rooms/${id}/widgets`;
    await rest.expect(200, 'PUT', `/api/users/${userId}`, { room_ids: [id], password: EVA.password });
    const token = await asEva();
    const kept = await open();
    const etag = await settled(kept, attic, token);
    await rest.expect(204, 'DELETE', `/api/users/${userId}`);
    assert.equal((await kept.ask(requestBytes({ path: attic, token, etag }))).status, 401);
  });
});

void test('a kept poll ends with its token', async (t) => {
  const { server, path, open } = await home(t, { JWT_EXPIRES_IN: '5s' });
  const { token } = await new Rest(server).logIn(EVA);
  const kept = await open();
  const etag = await settled(kept, path, token);
  const request = requestBytes({ path, token, etag });
  await until('the token has expired', async () => (await kept.ask(request)).status !== 304);
  assert.equal((await kept.ask(request)).status, 401);
});
