import assert from 'node:assert/strict';
import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { builtAt } from '../../db/built-at.ts';
import { runBeside } from '../helpers/command.ts';
import { enrolled, reading } from '../helpers/devices.ts';
import { MachineClock, machineClockMissing } from '../helpers/machine-clock.ts';
import { postgresMissing, startPostgres } from '../helpers/postgres.ts';
import { Rest } from '../helpers/rest.ts';
import { Server } from '../helpers/server.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';
import { assertSeen, logged } from './page.ts';

interface Flow {
  name: string;
  status: string;
  latency_ms: number | null;
}

void test('the clock of the box is wrong until it is set', { skip: machineClockMissing() }, async (t) => {
  const clock = new MachineClock(t, 5 * 60_000);
  const server = new Server({ env: clock.env });
  t.after(() => server.dispose());
  await server.start();
  await logged(server, 'box-clock-log');
  const rest = await new Rest(server).logIn();
  const { wire } = await enrolled(server, rest, 'lamp');
  const untimed = wire.publish('devices/lamp/sensor', reading(1));
  const timed = new Date(builtAt() + 3_600_000).toISOString();
  await enrolled(server, rest, 'pump').then((pump) =>
    pump.wire.publish('devices/pump/sensor', reading(2, { timestamp: timed })),
  );
  assert.equal((await rest.widget('pump', 'temperature')).value, 2);
  clock.set(builtAt() + 2 * 86_400_000);
  await untimed;
  await logged(server, 'box-clock-right-log');
});

void test('a flow that stalls, and one that is slow', { skip: postgresMissing() }, async (t) => {
  const pg = await startPostgres();
  t.after(() => pg.dispose());
  const server = new Server({ databaseUrl: pg.url });
  t.after(() => server.dispose());
  await server.start();
  const rest = await new Rest(server).logIn();
  const { wire } = await enrolled(server, rest, 'lamp');
  const send = (value: number) =>
    wire.publish('devices/lamp/sensor', reading(value, { timestamp: new Date().toISOString() }));
  const flow = async (wanted: string) => {
    const { body } = await rest.get<{ flows: Flow[] }>('/api/health');
    return body.flows.find(({ name }) => name === wanted);
  };
  await send(1);
  await pg.freeze();
  const slow = send(2);
  await new Promise((resolve) => setTimeout(resolve, 2500));
  await pg.thaw();
  await slow;
  await until('the latency is told', async () => Number((await flow('database_sync'))?.latency_ms) > 100);

  await pg.stop();
  const stalled = send(3);
  await until('the flow is told', async () =>
    ['degraded', 'down'].includes(String((await flow('database_sync'))?.status)),
  );
  assert.equal((await rest.get('/api/health')).status, 503);
  await pg.start();
  await stalled;
  await until('all is well', async () => {
    await send(4);
    return (await rest.get('/api/health')).status === 200;
  });
});

void test('a database that is damaged, and a backup that goes nowhere', async (t) => {
  const { server } = await startServer(t);
  const { code, stderr } = await runBeside(server, 'backup', '--out', '/nowhere/backup.tar.gz');
  assert.equal(code, 1);
  assertSeen('backup-folder', stderr);
  assert.equal((await runBeside(server, 'backup', '--out', join(server.dataDir, 'b.tar.gz'))).code, 0);
  assert.ok(readdirSync(server.dataDir).includes('b.tar.gz'));
  await server.stop();
  const folder = join(server.dataDir, 'db');
  const control = join(folder, 'global', 'pg_control');
  renameSync(control, `${control}.kept`);
  writeFileSync(control, 'cut');
  const ended = await server.runToEnd();
  assertSeen('damaged-database', ended.stdout);
  assert.equal(ended.code, 1);
  rmSync(control);
  renameSync(`${control}.kept`, control);
  await server.start();
});
