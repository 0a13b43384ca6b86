import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answer, ApiError, createClient, type Room } from '../../web/client/index.ts';
import { parseCsv } from '../helpers/csv.ts';
import { enrolled, reading } from '../helpers/devices.ts';
import { ADMIN } from '../helpers/server.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';

/** The ApiError that a call ends with. */
async function refused(call: Promise<unknown>): Promise<ApiError> {
  const error = await call.then(
    (answer) => assert.fail(`answered ${JSON.stringify(answer)}`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ApiError, String(error));
  return error;
}

void test('the client for programs', async (t) => {
  const { server, rest } = await startServer(t);
  let token: string | null = null;
  const client = createClient({ baseUrl: `${rest.url}/`, token: () => token });

  await t.test('without a token 401, and with that of a log-in the caller', async () => {
    const error = await refused(client.call('GET /api/auth/me'));
    assert.deepEqual([error.status, error.code, error.retryAfterMs], [401, 'UNAUTHORIZED', null]);
    token = (await client.call('POST /api/auth/login', { body: ADMIN })).token;
    const { user } = await client.call('GET /api/auth/me');
    assert.equal(user.username, ADMIN.username);
  });

  await t.test('bodies, parameters, and answers of every kind', async () => {
    const room = await client.call('POST /api/rooms', { body: { name: 'Küche' } });
    const params = { id: room.id };
    const renamed: Room = await client.call('PUT /api/rooms/{id}', { params, body: { name: 'Bad' } });
    assert.equal(renamed.name, 'Bad');
    assert.equal(await client.call('DELETE /api/rooms/{id}', { params }), null);
    assert.equal(await client.call('GET /api/ca.crt'), server.ca);
    assert.match(await client.call('GET /api/metrics'), /^# HELP /);
    assert.match(await client.call('GET /api/docs'), /^<!doctype html>/);
    assert.equal((await client.call('GET /api/health')).status, 'ok');
  });

  await t.test('a refusal is told as the server told it', async () => {
    const missing = await refused(client.call('GET /api/rooms/{id}/widgets', { params: { id: 999 } }));
    assert.deepEqual([missing.status, missing.code, missing.message], [404, 'NOT_FOUND', 'no such room']);
    const invalid = await refused(client.call('GET /api/rooms', { query: { limit: 999 } }));
    assert.deepEqual([invalid.status, invalid.code], [400, 'INVALID']);
    assert.deepEqual(invalid.details, [{ path: 'limit', message: 'a whole number from 1 to 200' }]);
  });

  await t.test('who guesses too often is told when to try again', async () => {
    const guess = () =>
      refused(
        client.call('POST /api/auth/login', { body: { username: 'nobody', password: 'a wrong password' } }),
      );
    let error = await guess();
    for (let count = 0; error.status === 401 && count < 20; count += 1) error = await guess();
    assert.deepEqual([error.status, error.code], [429, 'TOO_MANY_REQUESTS']);
    assert.ok(error.retryAfterMs !== null && error.retryAfterMs > 0 && error.retryAfterMs <= 60_000);
  });

  await t.test('an id with signs reaches its device; one that no path can carry is not sent', async () => {
    const { wire } = await enrolled(server, rest, 'a:b.c..');
    await wire.disconnect();
    const params = { device_id: 'a:b.c..' };
    assert.equal((await client.call('GET /api/devices/{device_id}', { params })).device_id, 'a:b.c..');
    const odd = await refused(
      client.call('GET /api/devices/{device_id}', { params: { device_id: 'a/../b?c#%2e' } }),
    );
    assert.deepEqual([odd.status, odd.message], [404, 'no such device']);
    for (const device_id of ['.', '..', '']) {
      await assert.rejects(
        client.call('DELETE /api/devices/{device_id}/reenroll', { params: { device_id } }),
        TypeError,
      );
    }
  });

  await t.test('lists in a query go with commas, what is undefined does not go', async () => {
    const kinds = async (kind: readonly ('login' | 'room_created')[] | undefined) => {
      const { events } = await client.call('GET /api/events', { query: { kind, limit: 200 } });
      return new Set(events.map((event) => event.kind));
    };
    // Events are written a little after what they tell of.
    await until('they are written', async () => (await kinds(['login', 'room_created'])).size === 2);
    assert.deepEqual(await kinds(['login']), new Set(['login']));
    for (const all of [undefined, []]) assert.ok((await kinds(all)).has('room_deleted'));
  });

  await t.test('an unchanged poll gives the same object, until it is forgotten', async () => {
    const room = await client.call('POST /api/rooms', { body: { name: 'Hall' } });
    const first = await client.poll('GET /api/rooms');
    assert.ok(first.changed);
    assert.deepEqual(await client.poll('GET /api/rooms'), { value: first.value, changed: false });
    assert.equal((await client.poll('GET /api/rooms')).value, first.value);

    await client.call('PUT /api/rooms/{id}', { params: { id: room.id }, body: { name: 'Hallway' } });
    const second = await client.poll('GET /api/rooms');
    assert.ok(second.changed);
    assert.deepEqual(
      second.value.rooms.map(({ name }) => name),
      ['Hallway'],
    );
    assert.ok((await client.poll('GET /api/rooms', { query: { limit: 1 } })).changed, 'another question');

    client.forget();
    const third = await client.poll('GET /api/rooms');
    assert.ok(third.changed);
    assert.notEqual(third.value, second.value);

    token = (await client.call('POST /api/auth/login', { body: ADMIN })).token;
    assert.ok((await client.poll('GET /api/rooms')).changed, 'another token');
  });

  await t.test('pages follow one another to the end', async () => {
    for (const name of ['P1', 'P2', 'P3', 'P4']) await client.call('POST /api/rooms', { body: { name } });
    const pages: Answer<'GET /api/rooms'>[] = [];
    for await (const page of client.pages('GET /api/rooms', { query: { limit: 2 } })) pages.push(page);
    assert.deepEqual(
      pages.map(({ rooms }) => rooms.length),
      [2, 2, 1],
    );
    const names = pages.flatMap(({ rooms }) => rooms.map(({ name }) => name));
    assert.equal(new Set(names).size, 5);
    const rest = client.pages('GET /api/rooms', { query: { cursor: pages[0]?.next_cursor ?? '' } });
    assert.equal((await rest.next()).value?.rooms.length, 3);
  });

  await t.test('readings stream as CSV; a refusal is no stream', async () => {
    const { wire } = await enrolled(server, rest, 'thermometer');
    await wire.publish('devices/thermometer/sensor', reading(21.5));
    await wire.disconnect();
    const { widget_id: id } = await rest.widget('thermometer', 'temperature');
    const answer = await client.stream('GET /api/widgets/{id}/readings', { params: { id } });
    const [, row] = parseCsv(await answer.text());
    assert.equal(row?.at(-1), '21.5');
    const { readings } = await client.call('GET /api/widgets/{id}/readings', { params: { id } });
    assert.equal(readings[0]?.value, 21.5);
    const params = { device_id: 'nobody' };
    const error = await refused(client.stream('GET /api/devices/{device_id}/readings', { params }));
    assert.equal(error.code, 'NOT_FOUND');
  });

  await t.test('a command may take its wait on top of the time-out', async () => {
    const { wire } = await enrolled(server, rest, 'deaf');
    t.after(() => wire.drop());
    await wire.subscribe('devices/deaf/command/request');
    const { widget_id: id } = await rest.widget('deaf', 'power');
    const hasty = createClient({ baseUrl: rest.url, token: () => token, timeoutMs: 1000 });
    const { command } = await hasty.call('POST /api/widgets/{id}/command', {
      params: { id },
      query: { wait: 1500 },
      body: { value: 'ON' },
    });
    assert.equal(command.status, 'sent');
  });
});

/** Never run: the compiler checks it. */
export async function typed(client: ReturnType<typeof createClient>): Promise<void> {
  // @ts-expect-error no such call
  await client.call('GET /api/nothing');
  // @ts-expect-error its parameters are missing
  await client.call('GET /api/rooms/{id}/widgets');
  // @ts-expect-error a room has no such field
  await client.call('POST /api/rooms', { body: { name: 'x', colour: 'red' } });
  // @ts-expect-error what changes something is not polled
  await client.poll('POST /api/rooms', { body: { name: 'x' } });
  // @ts-expect-error it has no pages
  client.pages('GET /api/auth/me');
  // @ts-expect-error it has no CSV
  await client.stream('GET /api/rooms');
  // @ts-expect-error a list that nobody may change is no list of numbers alone
  await client.call('GET /api/events', { query: { kind: [1] } });
  await client.call('POST /api/enrollments', { body: {} });
  const { user } = await client.call('GET /api/auth/me', { signal: AbortSignal.timeout(1), timeoutMs: 1 });
  user.name satisfies string | null;
}
