import assert from 'node:assert/strict';
import { copyFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { folder } from '../helpers/certificates.ts';
import type { CommandBody } from '../helpers/rest.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';
import { example, filledIn, missing, Program } from './program.ts';

const skip = missing('sh', ['-c', 'command -v mosquitto_rr'], 'mosquitto-clients');

void test('the device of mosquitto-clients enrols, reports, obeys and comes back', { skip }, async (t) => {
  const { server, rest } = await startServer(t);
  const dir = folder(t);
  const values = {
    ...{ BROKER_HOST: 'localhost', BROKER_PORT: server.ports.mqtts, ENROLMENT_TOKEN: await rest.enroll() },
    ...{ DEVICE_ID: 'shell-1', DEVICE_NAME: 'Shell' },
  };
  writeFileSync(join(dir, 'config.sh'), filledIn('mosquitto/config.example.sh', values));
  writeFileSync(join(dir, 'ca.crt'), server.ca);
  copyFileSync(example('mosquitto/device.sh'), join(dir, 'device.sh'));
  const first = new Program(t, 'sh', ['device.sh'], { cwd: dir });
  await first.said('registered: the secret is kept');
  assert.equal(statSync(join(dir, 'device.secret')).mode & 0o777, 0o600);
  const measured = async () => {
    const { widgets } = await rest.device('shell-1');
    const load = widgets.find(({ capability }) => capability.capability_type === 'load');
    return load !== undefined && (await rest.readings(load.widget_id)).length;
  };
  await until('it measures', async () => Number(await measured()) > 0);
  const { widget_id: widget } = await rest.widget('shell-1', 'power');
  // It listens most of the time, and what is asked for meanwhile waits.
  const { command } = await rest.expect<{ command: CommandBody }>(
    200,
    'POST',
    `/api/widgets/${widget}/command?wait=30000`,
    { value: 'ON' },
  );
  assert.equal(command.status, 'executed');
  await first.said('command: ON');
  const ports = Object.entries(server.ports).map(([name, port]) => [
    `${name.toUpperCase()}_PORT`,
    String(port),
  ]);
  await server.stop();
  await first.said(/not sent: again in|Connection refused/);
  await server.restartWith(Object.fromEntries(ports));
  await rest.logIn();
  const before = Number(await measured());
  await until('it measures again', async () => Number(await measured()) > before);
  await first.end('SIGTERM');
  const second = new Program(t, 'sh', ['device.sh'], { cwd: dir });
  const then = Number(await measured());
  await until('it measures with the same secret', async () => Number(await measured()) > then);
  assert.deepEqual(second.lines, []);
});
