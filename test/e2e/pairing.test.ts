import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enrolled } from '../helpers/devices.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';

void test('pairing', async (t) => {
  const { server, rest } = await startServer(t, { PAIR_TIMEOUT: '500ms' });
  const { id: room } = await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name: 'Hall' });
  const pair = (deviceId: string, device_key?: string) =>
    rest.call<{ code: string; room_id: number }>('POST', `/api/devices/${deviceId}/pair`, {
      room_id: room,
      ...(device_key && { device_key }),
    });

  await t.test('without a key at once, and unpairing keeps the device', async () => {
    const { wire } = await enrolled(server, rest, 'plain');
    assert.equal((await pair('plain')).body.room_id, room);
    assert.equal((await rest.device('plain')).room_id, room);
    await rest.expect(200, 'POST', '/api/devices/plain/unpair');
    assert.equal((await rest.device('plain')).room_id, null);
    await wire.disconnect();
  });

  await t.test('with a key the device decides; who else listens sees nothing of it', async () => {
    const { wire } = await enrolled(server, rest, 'keyed');
    await wire.subscribe('devices/keyed/pair/request');
    wire.onMessage = ({ topic, payload }) => {
      if (topic !== 'devices/keyed/pair/request') return;
      const right = (JSON.parse(payload) as { device_key: string }).device_key === '1234-5678';
      const answer = right ? { status: 'success' } : { status: 'error', message: 'wrong key' };
      void wire.publish('devices/keyed/pair/response', answer);
    };
    const wrong = await pair('keyed', '0000');
    assert.deepEqual([wrong.status, wrong.body.code], [409, 'PAIR_REJECTED']);
    assert.equal((await rest.device('keyed')).room_id, null);
    assert.equal((await pair('keyed', '1234-5678')).status, 200);
    assert.equal((await rest.device('keyed')).room_id, room);
    await wire.disconnect();
    await until('it is away', async () => !(await rest.device('keyed')).connected);
    const away = await pair('keyed', '1234-5678');
    assert.deepEqual([away.status, away.body.code], [409, 'DEVICE_OFFLINE']);
  });

  await t.test('a device that does not answer: 504', async () => {
    const { wire } = await enrolled(server, rest, 'mute');
    await wire.subscribe('devices/mute/pair/request');
    const answer = await pair('mute', 'key');
    assert.deepEqual([answer.status, answer.body.code], [504, 'PAIR_TIMEOUT']);
    await wire.disconnect();
  });

  await t.test('deleting a room unpairs its devices and keeps them', async () => {
    await rest.expect(204, 'DELETE', `/api/rooms/${room}`);
    assert.equal((await rest.device('keyed')).room_id, null);
    assert.equal((await rest.get(`/api/rooms/${room}/widgets`)).status, 404);
  });
});
