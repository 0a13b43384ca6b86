import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { enrolled } from '../helpers/devices.ts';
import { ADMIN } from '../helpers/server.ts';
import { startServer } from '../helpers/setup.ts';

const EXAMPLE = fileURLToPath(new URL('../../web/client/example.js', import.meta.url));

void test('the example lists rooms with their widgets and toggles one', async (t) => {
  const { server, rest } = await startServer(t, { DEFAULT_WIDGET_STATUS: 'include' });
  const room = await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name: 'Living room' });
  const { wire } = await enrolled(server, rest, 'lamp');
  t.after(() => wire.drop());
  await rest.expect(200, 'POST', '/api/devices/lamp/pair', { room_id: room.id });
  wire.onMessage = ({ topic, payload }) => {
    if (topic !== 'devices/lamp/command/request') return;
    const { value, reply_topic } = JSON.parse(payload) as { value: unknown; reply_topic: string };
    void wire.publish(reply_topic, { status: 'success', value });
  };
  await wire.subscribe('devices/lamp/command/request');
  const { name } = await rest.widget('lamp', 'power');

  const env = { PATH: process.env.PATH, PM_IOT_URL: rest.url, PM_IOT_PASSWORD: ADMIN.password };
  const { stdout } = await promisify(execFile)(process.execPath, [EXAMPLE], { env });
  assert.match(stdout, /^Living room\n/);
  assert.ok(stdout.includes(`  ${name}: nothing yet\n    ON: executed\n`), stdout);
  assert.equal((await rest.widget('lamp', 'power')).value, 'ON');
});
