import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missing } from '../helpers/database.ts';
import { enrolled, reading } from '../helpers/devices.ts';
import type { Rest } from '../helpers/rest.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';

const values = async (rest: Rest, deviceId: string) =>
  (await rest.readings((await rest.widget(deviceId, 'temperature')).widget_id)).map(({ value }) => value);

void test('a database that is away', { skip: missing('postgres') }, async (t) => {
  const { server, rest, postgres } = await startServer(t, {}, 'postgres');
  assert.ok(postgres);

  await t.test(
    'a database that goes away holds acknowledgements back, and all recovers by itself',
    async () => {
      const { wire } = await enrolled(server, rest, 'patient');
      await postgres.stop('immediate');
      const events = await rest.get<{ code: string }>('/api/events');
      assert.equal(events.status, 503);
      assert.equal(events.body.code, 'DATABASE_UNAVAILABLE');
      assert.equal((await rest.get('/api/health')).status, 503);
      let acknowledged = false;
      const sent = wire.publish('devices/patient/sensor', reading('kept')).then(() => {
        acknowledged = true;
      });
      await until('the writer has tried', () =>
        server.lines.some(({ msg }) => msg.startsWith('database away')),
      );
      assert.equal(acknowledged, false);
      // The poll of live state needs no database.
      assert.equal((await rest.get('/api/devices/patient')).status, 200);
      await postgres.start();
      await sent;
      assert.deepEqual(await values(rest, 'patient'), ['kept']);
      assert.equal((await rest.get('/api/health')).status, 200);
      await wire.disconnect();
    },
  );

  await t.test(
    'a database that hangs is given up on in bounded time, and all recovers by itself',
    async () => {
      const { wire } = await enrolled(server, rest, 'stoic');
      await postgres.freeze();
      // The client's own patience may end before.
      const sent = wire.publish('devices/stoic/sensor', reading('kept')).catch(() => {});
      const { status } = await rest.get('/api/events');
      assert.equal(status, 503);
      await postgres.thaw();
      await sent;
      await until('the reading is stored', async () => (await values(rest, 'stoic')).length === 1);
      await wire.drop();
    },
  );
});
