import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { missing } from '../helpers/database.ts';
import { connected, enrolled, reading } from '../helpers/devices.ts';
import { startPostgres } from '../helpers/postgres.ts';
import { Rest } from '../helpers/rest.ts';
import { Server } from '../helpers/server.ts';
import { MIB, SmallDisk, smallDiskMissing } from '../helpers/small-disk.ts';
import { until } from '../helpers/wait.ts';
import type { Wire } from '../helpers/wire.ts';

const DISK_MIB = 400;
const DAY_MS = 86_400_000;
const skip = smallDiskMissing();

/** Text that PostgreSQL cannot make smaller. */
const noise = (length: number) => Array.from({ length }, () => Math.random().toString(36)[2] ?? '0').join('');

async function openSmall(t: TestContext, minFree = '5%') {
  const disk = new SmallDisk(t, DISK_MIB);
  const server = new Server({ disk: disk.folder, env: { MIN_FREE_DISK: minFree } });
  disk.after(() => server.dispose());
  await server.start();
  const rest = await new Rest(server).logIn();
  const metric = async (name: string) => {
    const { body } = await rest.get<string>('/api/metrics');
    return Number(
      body
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.slice(name.length),
    );
  };
  const events = async (kind: string) => {
    const { body } = await rest.get<{ events: { kind: string; detail: Record<string, unknown> }[] }>(
      '/api/events?limit=200',
    );
    return body.events.filter((event) => event.kind === kind).map(({ detail }) => detail);
  };
  return { disk, server, rest, metric, events };
}

/** A batch of readings of `age` days ago; resolves once it is acknowledged. */
const sendDay = (wire: Wire, deviceId: string, age: number, batch: number, size = 40) => {
  const timestamp = new Date(Date.now() - age * DAY_MS).toISOString();
  const readings = Array.from({ length: size }, (_, i) => reading(noise(1400), { seq: batch * size + i }));
  return wire.publish(`devices/${deviceId}/sensor`, { timestamp, readings });
};

void test('a disk that another program fills', { skip }, async (t) => {
  const { disk, server, rest, metric, events } = await openSmall(t);
  const { wire } = await enrolled(server, rest, 'd1');
  for (let batch = 0; batch < 100; batch++) {
    await sendDay(wire, 'd1', 2, batch);
    await sendDay(wire, 'd1', 1, batch);
  }
  await sendDay(wire, 'd1', 0, 0);
  const { widget_id } = await rest.widget('d1', 'temperature');
  const days = async () => {
    const path = `/api/widgets/${widget_id}/readings`;
    const { body } = await rest.call<string>('GET', path, undefined, { Accept: 'text/csv' });
    return new Set(
      body
        .split('\r\n')
        .slice(1)
        .map((line) => line.slice(0, 10)),
    );
  };
  const dayOf = (age: number) => new Date(Date.now() - age * DAY_MS).toISOString().slice(0, 10);
  const state = (name: string) => metric(`pm_iot_disk_state{state="${name}"}`);

  await t.test('the oldest days go first, told and counted, and the newest stays', async () => {
    assert.equal(await state('ok'), 1);
    disk.fill(150 * MIB);
    await until('it is low', async () => {
      disk.fill(disk.free - MIB);
      return (await state('ok')) === 0;
    });
    const dropped = await until('a day has gone', async () => {
      const all = await events('history_dropped');
      return all.length > 0 ? all : null;
    });
    assert.deepEqual(dropped.at(-1), { reason: 'disk', day: dayOf(2), readings: 4000 });
    assert.ok((await metric('pm_iot_history_dropped_readings_total{reason="disk"}')) >= 4000);
    assert.ok((await days()).has(dayOf(0)));
  });

  await t.test('with nothing left to drop readings wait unacknowledged, and REST goes on', async () => {
    disk.fill(10 * MIB);
    await until('it is critical', async () => (await state('critical')) === 1);
    let acknowledged = false;
    const sent = sendDay(wire, 'd1', 0, 1).then(() => {
      acknowledged = true;
    });
    const health = await rest.get<{ flows: { name: string; status: string }[] }>('/api/health');
    assert.equal(health.status, 503);
    assert.equal(health.body.flows.find(({ name }) => name === 'database_sync')?.status, 'down');
    assert.equal((await rest.get('/api/devices/d1')).status, 200);
    assert.ok(server.lines.some(({ msg }) => msg.includes('free some space')));
    assert.equal(acknowledged, false);

    disk.clear();
    await sent;
    await until('health is back', async () => (await rest.get('/api/health')).status === 200);
    const told = async () => (await events('disk_low')).map((detail) => detail.state);
    await until('the end is told', async () => (await told())[0] === 'ok');
    assert.equal((await told())[1], 'critical');
    assert.ok((await days()).has(dayOf(0)));
    assert.ok(server.alive);
  });
});

/** Twenty readings under way at any time. */
function flood(wire: Wire, deviceId: string, timestamp: string) {
  const acknowledged = new Set<number>();
  let stopped = false;
  const lane = async (first: number) => {
    for (let seq = first; !stopped; seq += 20) {
      await wire.publish(`devices/${deviceId}/sensor`, reading(noise(1000), { timestamp, seq }));
      acknowledged.add(seq);
    }
  };
  // One that gets no answer in time has not been acknowledged.
  for (let first = 0; first < 20; first++) void lane(first).catch(() => {});
  return {
    acknowledged,
    stop: () => {
      stopped = true;
    },
  };
}

/** Nothing is lost, nothing is there twice, and it goes on. */
async function proveWhole(
  { server, rest }: { server: Server; rest: Rest },
  flooded: ReturnType<typeof flood>,
  secret: string,
) {
  await until('health is back', async () => (await rest.get('/api/health')).status === 200);
  flooded.stop();
  const again = await connected(server, 'fast', secret);
  const last = 9_999_999;
  await again.publish('devices/fast/sensor', reading('after', { seq: last }));
  const { widget_id } = await rest.widget('fast', 'temperature');
  const path = `/api/widgets/${widget_id}/readings`;
  const { body } = await rest.call<string>('GET', path, undefined, { Accept: 'text/csv' });
  const lines = body.trimEnd().split('\r\n').slice(1);
  const stored = new Set(lines.map((line) => Number(line.split(',').at(-2))));
  assert.equal(stored.size, lines.length, 'a reading was stored twice');
  assert.deepEqual(
    [...flooded.acknowledged, last].filter((seq) => !stored.has(seq)),
    [],
  );
  assert.ok(server.alive, server.report());
}

void test('a disk that is full within a moment loses nothing that was acknowledged', { skip }, async (t) => {
  const { disk, server, rest } = await openSmall(t);
  const { wire, secret } = await enrolled(server, rest, 'fast');
  const flooded = flood(wire, 'fast', new Date().toISOString());
  await until('it is under way', () => flooded.acknowledged.size > 2000);
  // Whatever gives space back while the disk is full loses it again at once.
  const deadline = Date.now() + 6000;
  while (Date.now() < deadline) {
    disk.fill();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(server.alive, server.report());
  assert.equal((await rest.get('/api/devices/fast')).status, 200);
  assert.equal((await rest.get('/api/health')).status, 503);
  disk.clear();
  await proveWhole({ server, rest }, flooded, secret);
});

void test('no space for the WAL, with nothing that guards it, ends the engine but not the process', {
  skip,
}, async (t) => {
  const { disk, server, rest } = await openSmall(t, '0');
  const { wire, secret } = await enrolled(server, rest, 'fast');
  // Less than a segment: the WAL needs its next one before the tables have used this up.
  disk.fill(12 * MIB);
  const flooded = flood(wire, 'fast', new Date().toISOString());
  await until('the engine has ended', () => server.lines.some(({ msg }) => msg.includes('started again')));
  assert.ok(flooded.acknowledged.size > 0);
  assert.equal((await rest.get('/api/devices/fast')).status, 200);
  assert.equal((await rest.get('/api/health')).status, 503);
  assert.equal((await rest.get('/api/events')).status, 503);
  disk.clear();
  await proveWhole({ server, rest }, flooded, secret);

  await t.test('and a start after a kill on a full disk is no worse', async () => {
    await server.stop('SIGKILL');
    disk.fill();
    server.lines.length = 0;
    const starting = server.start();
    // With WAL files to use again it comes up at once.
    await until('it serves or waits', () =>
      server.lines.some(({ msg }) => msg === 'ready' || msg.includes('the embedded database waits')),
    );
    disk.clear();
    await starting;
    assert.equal((await rest.get('/api/health')).status, 200);
  });
});

void test('a first start on a full disk waits for space', { skip }, async (t) => {
  const disk = new SmallDisk(t, DISK_MIB);
  const server = new Server({ disk: disk.folder, fresh: true });
  disk.after(() => server.dispose());
  disk.fill();
  const starting = server.start();
  await until('it waits', () => server.lines.some(({ msg }) => msg.includes('the embedded database waits')));
  disk.clear();
  await starting;
});

void test('the disk of a server on this machine is guarded too', {
  skip: skip || missing('postgres'),
}, async (t) => {
  const disk = new SmallDisk(t, DISK_MIB);
  const postgres = await startPostgres(disk.folder);
  const server = new Server({ databaseUrl: postgres.url });
  disk.after(async () => {
    await server.dispose();
    await postgres.dispose();
  });
  await server.start();
  const rest = await new Rest(server).logIn();
  const { wire } = await enrolled(server, rest, 'd1');
  disk.fill(100 * MIB);
  await until('storing stops', async () => (await rest.get('/api/health')).status === 503);
  // The database itself is there.
  assert.equal((await rest.get('/api/events')).status, 200);
  let acknowledged = false;
  const sent = sendDay(wire, 'd1', 0, 0).then(() => {
    acknowledged = true;
  });
  await wire.ping();
  assert.equal(acknowledged, false);
  disk.clear();
  await sent;
  assert.equal((await rest.get('/api/health')).status, 200);
});
