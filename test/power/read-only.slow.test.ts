import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { connected, enrolled, reading } from '../helpers/devices.ts';
import { FaultyDisk, faultyDiskMissing } from '../helpers/faulty-disk.ts';
import { Rest } from '../helpers/rest.ts';
import { Server } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';

const skip = faultyDiskMissing();

void test('a disk that becomes read-only', { skip }, async (t) => {
  const disk = new FaultyDisk(t, 400);
  const server = new Server({ disk: disk.folder, cwd: '/' });
  disk.after(() => server.dispose());
  await server.start();
  const rest = await new Rest(server).logIn();
  const { wire, secret } = await enrolled(server, rest, 'd1');
  const timestamp = new Date().toISOString();
  const send = (seq: number) => wire.publish('devices/d1/sensor', reading(seq, { timestamp, seq }));
  await send(1);
  const { ca } = server;

  await t.test('readings wait unacknowledged, who is asked says so, and the process lives', async () => {
    disk.fail();
    let acknowledged = false;
    const waiting = send(2).then(
      () => {
        acknowledged = true;
      },
      () => {},
    );
    await until('it is told', () =>
      server.lines.some(({ level, msg }) => level === 'error' && msg.includes('the disk is read-only')),
    );
    assert.equal((await rest.get('/api/health')).status, 503);
    assert.equal((await rest.get('/api/devices/d1')).status, 200, 'what is in memory is told still');
    assert.equal((await rest.get('/api/events')).status, 503);
    assert.equal(acknowledged, false);
    assert.ok(server.alive, server.report());

    // While it is away nothing is made in its place.
    disk.unmount();
    disk.repair();
    await new Promise((resolve) => setTimeout(resolve, 5000));
    assert.ok(!existsSync(server.dataDir));
    disk.mount();
    await until('it is back', () => server.lines.some(({ msg }) => msg === 'the embedded database is back'));
    await waiting;
    await until('health is back', async () => (await rest.get('/api/health')).status === 200);
    const { widget_id } = await rest.widget('d1', 'temperature');
    await until('both are there', async () => {
      const path = `/api/widgets/${widget_id}/readings`;
      const { body } = await rest.get<{ readings: { value: unknown }[] }>(path);
      return body.readings.length === 2;
    });
  });

  await t.test('a start on it ends with a line, and a later one that finds it mended goes on', async () => {
    await server.stop();
    disk.remount('ro');
    const { code, stdout } = await server.runToEnd();
    // No 78: a supervisor is to try again.
    assert.equal(code, 1);
    assert.match(stdout, /"msg":"DATA_DIR \S+ is on a disk that is read-only: check it, and mount it anew"/);
    disk.remount('rw');
    await server.start();
    assert.equal(server.ca, ca);
    const again = await connected(server, 'd1', secret);
    await again.publish('devices/d1/sensor', reading('after'));
    assert.equal((await rest.widget('d1', 'temperature')).value, 'after');
  });
});
