import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { enrolled } from '../helpers/devices.ts';
import { Rest } from '../helpers/rest.ts';
import { type Call, REST, REST_IDENTITIES, type RestIdentity } from './table.ts';
import { startWorld, type World } from './world.ts';

interface Description {
  paths: Record<string, Record<string, unknown>>;
}

/** Someone with a token of their own for each cell: one of the calls ends it. */
async function callerFor(world: World, who: RestIdentity): Promise<Rest> {
  const { server, secrets, logIn } = world;
  if (who === 'nobody') return new Rest(server);
  if (who !== 'device secret') return logIn(who);
  const rest = new Rest(server);
  rest.token = secrets.get('lamp') ?? '';
  return rest;
}

async function parameterOf(world: World, { with: what }: Call): Promise<string> {
  const { server, admin, room, widget, command, unique, makeRoom } = world;
  const made = async (path: string, body: object) =>
    admin.expect<{ id?: number; user?: { id: number } }>(201, 'POST', path, body);
  switch (what) {
    case 'room':
      return String(room.id);
    case 'widget':
      return String(widget);
    case 'command':
      return String(command.id);
    case 'new room':
      return String((await makeRoom()).id);
    case 'new user':
      return String(
        (await made('/api/auth/register', { username: unique(), password: 'quite long enough' })).user?.id,
      );
    case 'new enrolment':
      return String((await made('/api/enrollments', {})).id);
    case 'new device': {
      const id = unique();
      const { wire } = await enrolled(server, admin, id, []);
      await wire.disconnect();
      return id;
    }
    default:
      return 'lamp';
  }
}

async function check(t: TestContext, world: World, entry: Call): Promise<void> {
  const [method = '', template = ''] = entry.call.split(' ');
  for (const [i, who] of REST_IDENTITIES.entries()) {
    const expected = entry.status[i];
    await t.test(`${entry.call} by ${who}: ${expected}`, async () => {
      const path = template.replace(/\{[a-z_]+\}/, await parameterOf(world, entry));
      const body =
        entry.body === undefined
          ? undefined
          : JSON.stringify(entry.body)
              .replaceAll('{unique}', world.unique())
              .replaceAll('"{room}"', String(world.room.id));
      const rest = await callerFor(world, who);
      const query = path.endsWith('/command') ? '?wait=0' : '';
      const answer = await rest.call<{ code?: string }>(method, path + query, body);
      assert.equal(answer.status, expected, JSON.stringify(answer.body));
    });
  }
}

/** Each part of a request that a schema would refuse. */
async function checkGarbage(rest: Rest, call: string, expected: number): Promise<void> {
  const [method = '', template = ''] = call.split(' ');
  const paths = ['1', 'x', '%00'].map((id) => template.replace(/\{[a-z_]+\}/, id));
  const requests: Parameters<Rest['call']>[] = [...paths, `${template}?unknown=1&limit=0`].map((path) => [
    method,
    path,
  ]);
  if (method !== 'GET') {
    for (const path of paths) {
      for (const body of [{}, [], { unknown: 1 }, '{', { name: 'x'.repeat(70_000) }])
        requests.push([method, path, body]);
      requests.push([method, path, 'no JSON', { 'Content-Type': 'text/plain' }]);
    }
  }
  for (const request of requests) {
    const { status, body } = await rest.call(...request);
    assert.equal(status, expected, `${JSON.stringify(request).slice(0, 100)}: ${JSON.stringify(body)}`);
  }
}

void test('every call for every identity', async (t) => {
  const world = await startWorld(t);
  await t.test('no call of the API is missing in the table, and none is too many', async () => {
    const { paths } = await world.admin.expect<Description>(200, 'GET', '/api/openapi.json');
    const calls = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    assert.deepEqual(REST.map((entry) => entry.call).sort(), calls.sort());
  });
  for (const entry of REST.filter(({ ends }) => !ends)) await check(t, world, entry);

  await t.test('who may not call is told so, whatever is wrong with the request', async (t) => {
    const callers = await Promise.all(
      REST_IDENTITIES.map(async (who) => ({ who, rest: await callerFor(world, who) })),
    );
    for (const entry of REST) {
      for (const [i, { who, rest }] of callers.entries()) {
        const expected = entry.status[i];
        if ((expected !== 401 && expected !== 403) || entry.call === 'POST /api/auth/login') continue;
        await t.test(`${entry.call} by ${who}: ${expected}`, () => checkGarbage(rest, entry.call, expected));
      }
    }
  });

  await t.test('of what was not granted nothing is told, not even what is wrong with a body', async () => {
    const ungranted = await callerFor(world, 'user without');
    const { widget, room } = world;
    for (const [path, garbage] of [
      [`/api/widgets/${widget}/command`, {}],
      [`/api/widgets/${widget}/command?wait=long`, { value: 'ON' }],
      [`/api/rooms/${room.id}/widgets/order`, { widget_orders: 'none' }],
    ] as const) {
      assert.equal((await ungranted.call('POST', path, garbage)).status, 404, path);
      assert.equal((await world.admin.call('POST', path, garbage)).status, 400, path);
    }
  });

  for (const entry of REST.filter(({ ends }) => ends)) await check(t, world, entry);
});
