import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '../../db/client.ts';
import { silent } from '../helpers/database.ts';
import { enrolled, reading } from '../helpers/devices.ts';
import { postgresMissing } from '../helpers/postgres.ts';
import { Rest } from '../helpers/rest.ts';
import type { Server } from '../helpers/server.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';

/** What a later version may do to the database while this one runs: a table, and to each that there is a column and an index. */
async function expand(url: string): Promise<number> {
  const { sql, close } = connect({ url }, silent, 1);
  try {
    const tables = await sql<{ name: string }[]>`
      select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
        and not relispartition order by relname`;
    for (const { name } of tables) {
      await sql.begin(async (tx) => {
        await tx.unsafe(
          `alter table "${name}" add column later text, add column later_count integer default 7 not null`,
        );
        await tx.unsafe(`create index "${name}_later" on "${name}" (later_count)`);
      });
    }
    await sql`create table later_things (id integer primary key, room_id integer references rooms (id))`;
    return tables.length;
  } finally {
    await close();
  }
}

/** Each kind of statement that the program has, by what makes it run one. */
async function goThrough(server: Server, rest: Rest, name: string): Promise<void> {
  const { id: roomId } = await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name });
  const { wire } = await enrolled(server, rest, name);
  await wire.subscribe(`devices/${name}/command/request`);
  wire.onMessage = ({ payload }) => {
    const { reply_topic, value } = JSON.parse(payload) as { reply_topic: string; value: unknown };
    void wire.publish(reply_topic, { status: 'success', value });
  };
  await rest.expect(200, 'POST', `/api/devices/${name}/pair`, { room_id: roomId });
  for (let seq = 1; seq <= 20; seq++) await wire.publish(`devices/${name}/sensor`, reading(seq, { seq }));
  await wire.publish(`devices/${name}/sensor`, reading(5, { capability_type: 'humidity' }));
  const old = new Date(Date.now() - 5 * 86_400_000).toISOString();
  await wire.publish(`devices/${name}/sensor`, reading(1, { timestamp: old }));
  const temperature = await rest.widget(name, 'temperature');
  const path = `/api/widgets/${temperature.widget_id}`;
  const { readings } = await rest.expect<{ readings: unknown[] }>(200, 'GET', `${path}/readings`);
  assert.equal(readings.length, 21);
  const week = new Date(Date.now() - 7 * 86_400_000).toISOString();
  const { points } = await rest.expect<{ points: unknown[] }>(200, 'GET', `${path}/history?from=${week}`);
  assert.ok(points.length > 1);
  const { widget_id: brightness } = await rest.widget(name, 'brightness');
  const { command } = await rest.expect<{ command: { id: number; status: string } }>(
    200,
    'POST',
    `/api/widgets/${brightness}/command`,
    { value: 40 },
  );
  assert.equal(command.status, 'executed');
  await rest.expect(200, 'GET', `/api/commands/${command.id}`);
  await rest.expect(200, 'PATCH', path, { name: 'Warmth', status: 'include' });
  await rest.expect(200, 'POST', `/api/rooms/${roomId}/widgets/order`, {
    widget_orders: [{ widget_id: temperature.widget_id, order: 2, status: 'include' }],
  });
  await rest.expect(200, 'PUT', `/api/devices/${name}`, { device_name: `The ${name}` });
  await rest.expect(200, 'PUT', `/api/rooms/${roomId}`, { name: `${name} again` });
  const { user } = await rest.expect<{ user: { id: number } }>(201, 'POST', '/api/users', {
    username: name,
    password: 'a-long-test-password-of-one',
    role: 'USER',
    room_ids: [roomId],
  });
  const person = new Rest(server);
  await person.logIn({ username: name, password: 'a-long-test-password-of-one' });
  await person.expect(200, 'GET', `/api/rooms/${roomId}/widgets`);
  await rest.expect(200, 'PUT', `/api/users/${user.id}`, { room_ids: [] });
  const imported = await rest.call<{ stored: number }>('POST', '/api/import', {
    readings: [{ device_id: name, ...reading(3, { timestamp: old.replace('Z', '000Z') }), seq: 9 }],
  });
  assert.ok([200, 202].includes(imported.status), JSON.stringify(imported.body));
  await rest.expect(202, 'POST', '/api/history/rebuild', {});
  const { events } = await rest.expect<{ events: unknown[] }>(200, 'GET', `/api/events?device_id=${name}`);
  assert.ok(events.length > 0);
  await rest.expect(200, 'POST', `/api/devices/${name}/unpair`);
  await rest.expect(200, 'POST', `/api/devices/${name}/secret`);
  await rest.expect(204, 'DELETE', `/api/users/${user.id}`);
  await rest.expect(204, 'DELETE', `/api/devices/${name}`);
  await rest.expect(204, 'DELETE', `/api/rooms/${roomId}`);
  await wire.closed;
}

void test('this version goes on while a later one has migrated its database', {
  skip: postgresMissing(),
}, async (t) => {
  const { server, rest, postgres } = await startServer(t, {}, 'postgres');
  assert.ok(postgres);
  // More than one at a time, so that statements are known to all connections of the pool.
  await Promise.all(['a', 'b', 'c', 'd'].map((name) => goThrough(server, rest, `before-${name}`)));
  assert.ok((await expand(postgres.url)) >= 15);
  await Promise.all(['a', 'b', 'c', 'd'].map((name) => goThrough(server, rest, `after-${name}`)));
  await until('history is kept up as well', async () => {
    const { late_hours } = await rest.expect<{ late_hours: number }>(200, 'GET', '/api/history');
    return late_hours === 0;
  });
  const bad = server.lines.filter(({ level }) => ['warn', 'error', 'fatal'].includes(level));
  assert.deepEqual(
    bad.filter(({ msg }) => !/disk|limit/.test(msg)),
    [],
  );
});
