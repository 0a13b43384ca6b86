import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enrolled, reading } from '../helpers/devices.ts';
import { Rest } from '../helpers/rest.ts';
import { startServer } from '../helpers/setup.ts';

interface ErrorBody {
  error: string;
  code: string;
  details: unknown[];
}

void test('errors of REST', async (t) => {
  const { server, rest } = await startServer(t);
  const { wire } = await enrolled(server, rest, 'lamp');
  t.after(() => wire.drop());
  await wire.publish('devices/lamp/sensor', reading(1));
  const room = await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name: 'Granted' });
  const other = await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name: 'Other' });
  await rest.expect(200, 'POST', '/api/devices/lamp/pair', { room_id: other.id });
  const widget = (type: string) => rest.widget('lamp', type).then(({ widget_id }) => widget_id);
  const [power, brightness, mode, temperature] = await Promise.all(
    ['power', 'brightness', 'mode', 'temperature'].map(widget),
  );
  const person = { username: 'eva', password: 'correct horse battery' };
  await rest.expect(201, 'POST', '/api/users', { ...person, role: 'USER', room_ids: [room.id] });
  const eva = await new Rest(server).logIn(person);
  const anonymous = new Rest(server);

  const check = async (
    caller: Rest,
    method: string,
    path: string,
    body: unknown,
    status: number,
    code: string,
  ) => {
    const answer = await caller.call<ErrorBody>(method, path, body);
    assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.body)}`);
    assert.equal(answer.body.code, code);
    assert.ok(answer.body.error.length > 0 && Array.isArray(answer.body.details));
    assert.doesNotMatch(JSON.stringify(answer.body), /\bat .*\.(js|ts):\d+/);
  };

  await t.test('400: what is missing, wrong or unknown is named', async () => {
    const invalid: [string, string, unknown][] = [
      ['POST', '/api/auth/login', '{"username":'],
      ['POST', '/api/auth/login', {}],
      ['POST', '/api/auth/login', []],
      ['POST', '/api/auth/login', { username: 'a', password: 'b', extra: 1 }],
      ['POST', '/api/rooms', { name: '' }],
      ['POST', '/api/rooms', { name: 'a\u0000b' }],
      ['POST', '/api/rooms', '{"name":"\\ud800"}'],
      ['POST', '/api/rooms', { name: ' ' }],
      ['GET', '/api/devices/lamp?widgets=true', undefined],
      ['POST', '/api/devices/lamp/unpair', { room_id: 1 }],
      ['POST', '/api/devices/lamp/unpair?force=1', undefined],
      ['GET', '/api/events?device_id=%00', undefined],
      ['POST', '/api/rooms', { name: 'x'.repeat(101) }],
      ['POST', '/api/users', { username: 'a b', password: 'long enough', role: 'USER' }],
      ['POST', '/api/users', { username: 'ab', password: 'short', role: 'USER' }],
      ['POST', '/api/users', { username: 'ab', password: 'long enough', role: 'KING' }],
      ['POST', '/api/users', { username: 'ab', password: 'long enough', role: 'USER', room_ids: [9999] }],
      ['POST', '/api/enrollments', { expires_in: 'soon' }],
      ['POST', '/api/enrollments', { max_uses: 0 }],
      ['POST', '/api/enrollments', { room_id: 9999 }],
      ['GET', '/api/devices?limit=0', undefined],
      ['GET', '/api/devices?limit=201', undefined],
      ['GET', '/api/devices?cursor=nonsense', undefined],
      ['GET', '/api/devices?unknown=1', undefined],
      ['GET', '/api/health?x=1', undefined],
      ['GET', '/api/metrics?x=1', undefined],
      ['GET', '/api/docs?x=1', undefined],
      ['GET', '/api/ca.crt?x=1', undefined],
      ['GET', '/api/openapi.json?x=1', undefined],
      ...['x', '0x1', '1e0', '%201', '1.0', '+1', '01', '0', '-1', '9999999999999999'].flatMap((id) =>
        [
          `/api/rooms/${id}/widgets`,
          `/api/commands/${id}`,
          `/api/devices?room_id=${id}`,
          `/api/widgets?limit=${id}`,
        ].map((path): [string, string, unknown] => ['GET', path, undefined]),
      ),
      ['POST', `/api/widgets/${power}/command?wait=1e3`, { value: 'ON' }],
      ['GET', `/api/widgets/${temperature}/history?points=0x10`, undefined],
      ['PATCH', `/api/widgets/${power}`, {}],
      ['PATCH', `/api/widgets/${power}`, { status: 'hidden' }],
      ['POST', `/api/widgets/${power}/command?wait=-1`, { value: 'ON' }],
      ['POST', `/api/widgets/${power}/command?wait=60001`, { value: 'ON' }],
      ['POST', `/api/widgets/${power}/command`, {}],
      ['POST', `/api/widgets/${power}/command`, { value: null }],
      ['POST', `/api/widgets/${brightness}/command`, { value: 101 }],
      ['POST', `/api/widgets/${brightness}/command`, { value: 'bright' }],
      ['POST', `/api/widgets/${mode}/command`, { value: 'turbo' }],
      ['POST', `/api/widgets/${temperature}/command`, { value: 1 }],
      ['GET', `/api/widgets/${temperature}/history?from=yesterday`, undefined],
      [
        'GET',
        `/api/widgets/${temperature}/history?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z`,
        undefined,
      ],
      ['GET', `/api/widgets/${temperature}/history?points=2001`, undefined],
      ['PUT', '/api/auth/password', { current_password: 'wrong', new_password: 'long enough' }],
    ];
    for (const [method, path, body] of invalid) await check(rest, method, path, body, 400, 'INVALID');
  });

  await t.test('a 400 says in words of people what is expected, field by field', async () => {
    const users = { username: 'ab', password: 'long enough', role: 'USER' };
    const told: [string, string, unknown, string][] = [
      ['GET', '/api/devices?limit=0', undefined, 'limit: a whole number from 1 to 200'],
      ['GET', '/api/devices?limit=x', undefined, 'limit: a whole number from 1 to 200'],
      ['GET', '/api/devices?limit=1&limit=2', undefined, 'limit: given more than once'],
      ['GET', '/api/devices?status=gone', undefined, 'status: online or offline'],
      ['GET', '/api/devices?unknown=1', undefined, 'unknown: there is no such field'],
      ['GET', '/api/rooms/0/widgets', undefined, 'id: a whole number from 1 to 2147483647'],
      ['POST', '/api/rooms', [], 'body: a JSON object'],
      ['POST', '/api/rooms', undefined, 'name: is required'],
      ['POST', '/api/rooms', { name: 1 }, 'name: a text'],
      ['POST', '/api/rooms', { name: 'x'.repeat(101) }, 'name: at most 100 characters'],
      ['POST', '/api/users', { ...users, password: 'x' }, 'password: at least 8 characters'],
      ['POST', '/api/users', { ...users, username: '' }, 'username: must not be empty'],
      ['POST', '/api/users', { ...users, role: 'KING' }, 'role: ADMIN, USER or INTEGRATION'],
      [
        'POST',
        '/api/users',
        { ...users, room_ids: ['1'] },
        'room_ids.0: a whole number from 1 to 2147483647',
      ],
      ['POST', '/api/enrollments', { max_uses: 'many' }, 'max_uses: a whole number from 1 to 1000000'],
      ['POST', '/api/enrollments', { max_uses: null }, 'max_uses: a whole number from 1 to 1000000'],
      ['POST', `/api/widgets/${power}/command`, { value: null }, 'value: a text, a number or true or false'],
      [
        'POST',
        '/api/auth/login',
        { username: 1, extra: 2 },
        'username: a text; password: is required; extra: there is no such field',
      ],
    ];
    for (const [method, path, body, error] of told)
      assert.equal((await rest.call<ErrorBody>(method, path, body)).body.error, error);
    const { details } = (await rest.get<ErrorBody>('/api/devices?limit=0')).body;
    assert.deepEqual(details, [{ path: 'limit', message: 'a whole number from 1 to 200' }]);
  });

  await t.test('a list of topics that would open nothing is refused', async () => {
    const account = { username: 'bridge', password: 'long enough' };
    const lists = (...subscribe: string[]) => ({ publish: [], subscribe });
    const refused = async (method: string, path: string, body: object, why: RegExp) => {
      await check(rest, method, path, body, 400, 'INVALID');
      assert.match((await rest.call<ErrorBody>(method, path, body)).body.error, why);
    };
    for (const role of ['USER', 'ADMIN'])
      await refused('POST', '/api/users', { ...account, role, acl: lists('home/#') }, /only an INTEGRATION/);
    for (const filter of [
      'devices/#',
      'devices',
      'devices/+/sensor',
      'device/a/sensor',
      '$SYS/#',
      '$share/a/b',
    ])
      await refused(
        'POST',
        '/api/users',
        { ...account, role: 'INTEGRATION', acl: lists('home/#', filter) },
        /^acl\.subscribe\.1: no list opens the topics of devices/,
      );
    const acl = lists('#', '+/state', 'devicesome/#');
    const { user } = await rest.expect<{ user: { id: number } }>(201, 'POST', '/api/users', {
      ...account,
      role: 'INTEGRATION',
      acl,
    });
    const path = `/api/users/${user.id}`;
    await refused('PUT', path, { role: 'USER', acl }, /only an INTEGRATION/);
    const changed = await rest.expect<{ user: { acl: object } }>(200, 'PUT', path, { role: 'USER' });
    assert.deepEqual(changed.user.acl, lists(), 'what counts no more is not kept');
    await refused('PUT', path, { acl }, /only an INTEGRATION/);
    await rest.expect(200, 'PUT', path, { acl: lists() });
  });

  await t.test('401: without a token, with a wrong one, with a wrong password', async () => {
    await check(anonymous, 'GET', '/api/rooms', undefined, 401, 'UNAUTHORIZED');
    await check(anonymous, 'GET', '/api/nothing', undefined, 401, 'UNAUTHORIZED');
    await check(
      anonymous,
      'POST',
      '/api/auth/login',
      { username: 'admin', password: 'wrong' },
      401,
      'UNAUTHORIZED',
    );
    await check(
      anonymous,
      'POST',
      '/api/auth/login',
      { username: 'nobody', password: 'wrong' },
      401,
      'UNAUTHORIZED',
    );
    const forged = new Rest(server);
    const [header, payload] = rest.token.split('.');
    for (const token of [
      'x',
      `${header}.${payload}.AAAA`,
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`,
    ]) {
      forged.token = token;
      await check(forged, 'GET', '/api/rooms', undefined, 401, 'UNAUTHORIZED');
    }
  });

  await t.test('403: what only an admin may do', async () => {
    const forbidden: [string, string, unknown][] = [
      ['GET', '/api/users', undefined],
      ['POST', '/api/rooms', { name: 'Mine' }],
      ['POST', '/api/auth/register', { username: 'friend', password: 'long enough' }],
      ['GET', '/api/events', undefined],
      ['POST', '/api/enrollments', {}],
      ['DELETE', '/api/devices/lamp', undefined],
    ];
    for (const [method, path, body] of forbidden) await check(eva, method, path, body, 403, 'FORBIDDEN');
  });

  await t.test('404: what is not there, and what was not granted', async () => {
    for (const path of [
      '/api/nothing',
      '/api/rooms/9999/widgets',
      '/api/devices/nobody',
      '/api/commands/9999',
    ]) {
      await check(rest, 'GET', path, undefined, 404, 'NOT_FOUND');
    }
    await check(rest, 'POST', '/api/devices/lamp/pair', { room_id: 9999 }, 404, 'NOT_FOUND');
    await check(eva, 'GET', `/api/rooms/${other.id}/widgets`, undefined, 404, 'NOT_FOUND');
    await check(eva, 'GET', '/api/devices/lamp', undefined, 404, 'NOT_FOUND');
    await check(eva, 'POST', `/api/widgets/${power}/command`, { value: 'ON' }, 404, 'NOT_FOUND');
    await check(eva, 'GET', `/api/widgets/${temperature}/readings`, undefined, 404, 'NOT_FOUND');
    assert.deepEqual(
      (await eva.get<{ rooms: { name: string }[] }>('/api/rooms')).body.rooms.map(({ name }) => name),
      ['Granted'],
    );
    assert.deepEqual((await eva.get<{ devices: object[] }>('/api/devices')).body.devices, []);
  });

  await t.test('405 names the methods that are there', async () => {
    const answer = await rest.call<ErrorBody>('DELETE', '/api/rooms');
    assert.equal(answer.status, 405);
    assert.equal(answer.headers.get('Allow'), 'GET, POST');
  });

  await t.test('409: names that are taken, and the last admin', async () => {
    await check(rest, 'POST', '/api/rooms', { name: 'Granted' }, 409, 'CONFLICT');
    await check(rest, 'PUT', `/api/rooms/${other.id}`, { name: 'Granted' }, 409, 'CONFLICT');
    await check(rest, 'POST', '/api/auth/register', person, 409, 'CONFLICT');
    await check(rest, 'DELETE', '/api/users/1', undefined, 409, 'CONFLICT');
    await check(rest, 'PUT', '/api/users/1', { role: 'USER' }, 409, 'CONFLICT');
  });

  await t.test('413 and 415: a body that is too large, or not JSON', async () => {
    const large = JSON.stringify({ name: 'x'.repeat(70_000) });
    await check(rest, 'POST', '/api/rooms', large, 413, 'PAYLOAD_TOO_LARGE');
    const answer = await rest.call<ErrorBody>('POST', '/api/rooms', '{"name":"x"}', {
      'Content-Type': 'text/plain',
    });
    assert.equal(answer.status, 415);
  });

  await t.test('a widget order is all or nothing', async () => {
    const orders = (ids: (number | undefined)[]) => ({
      widget_orders: ids.map((widget_id, order) => ({ widget_id, order: order + 5, status: 'include' })),
    });
    await check(
      rest,
      'POST',
      `/api/rooms/${other.id}/widgets/order`,
      orders([power, 9999]),
      404,
      'NOT_FOUND',
    );
    assert.equal((await rest.widget('lamp', 'power')).status, 'exclude');
    await rest.expect(200, 'POST', `/api/rooms/${other.id}/widgets/order`, orders([mode, power]));
    const { widgets } = await rest.expect<{ widgets: { name: string }[] }>(
      200,
      'GET',
      `/api/rooms/${other.id}/widgets`,
    );
    assert.deepEqual(
      widgets.map(({ name }) => name),
      ['Mode', 'Power'],
    );
  });

  await t.test('429: the eleventh guess within a minute, with Retry-After, for that name alone', async () => {
    const guess = () =>
      anonymous.call<ErrorBody>('POST', '/api/auth/login', { username: 'eva', password: 'guess' });
    for (let i = 0; i < 10; i++) assert.equal((await guess()).status, 401);
    const locked = await guess();
    assert.equal(locked.status, 429);
    assert.ok(Number(locked.headers.get('Retry-After')) > 0);
    await check(anonymous, 'POST', '/api/auth/login', person, 429, 'TOO_MANY_REQUESTS');
    await new Rest(server).logIn();
  });

  await t.test('a changed password ends the other tokens of the caller', async () => {
    const max = { username: 'max', password: 'first password' };
    await rest.expect(201, 'POST', '/api/auth/register', max);
    const one = await new Rest(server).logIn(max);
    const two = await new Rest(server).logIn(max);
    await one.expect(204, 'PUT', '/api/auth/password', {
      current_password: max.password,
      new_password: 'second password',
    });
    assert.equal((await one.get('/api/auth/me')).status, 200);
    assert.equal((await two.get('/api/auth/me')).status, 401);
    await check(anonymous, 'POST', '/api/auth/login', max, 401, 'UNAUTHORIZED');
    await new Rest(server).logIn({ ...max, password: 'second password' });
  });

  await t.test('a token does not let its holder guess the password behind it', async () => {
    const ida = { username: 'ida', password: 'a first password' };
    await rest.expect(201, 'POST', '/api/auth/register', ida);
    const caller = await new Rest(server).logIn(ida);
    const change = { current_password: 'a guess', new_password: 'a second password' };
    for (let i = 0; i < 10; i++) await check(caller, 'PUT', '/api/auth/password', change, 400, 'INVALID');
    const right = { ...change, current_password: ida.password };
    await check(caller, 'PUT', '/api/auth/password', right, 429, 'TOO_MANY_REQUESTS');
  });
});
