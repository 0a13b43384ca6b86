import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startProxy } from '../../scripts/load-test/proxy.ts';
import { runTool } from '../helpers/command.ts';
import type { CommandBody } from '../helpers/rest.ts';
import type { Server } from '../helpers/server.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';

const SIMULATOR = fileURLToPath(new URL('../../scripts/simulate/main.js', import.meta.url));
const statePath = (server: Server) => join(server.dataDir, 'simulator.json');

/** The simulator as a process of its own, over TLS, with a state file of this server. */
function simulate(t: TestContext, server: Server, ...args: string[]) {
  const own = ['--url', `mqtts://localhost:${server.ports.mqtts}`, '--ca', server.caPath];
  const child = spawn(process.execPath, [SIMULATOR, ...own, '--state', statePath(server), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  const output = { text: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output.text += String(chunk);
    });
  }
  const exited = once(child, 'close').then(([code]) => ({ code: code as number | null, text: output.text }));
  return { exited, output, interrupt: () => child.kill('SIGINT') };
}

/** The last figure that was told under this name. */
function figure(text: string, name: string): number {
  const [, number] = [...text.matchAll(new RegExp(`(\\d+)(?:/\\d+)? ${name}`, 'g'))].at(-1) ?? [];
  return Number(number);
}

void test('the simulator', async (t) => {
  const { server, rest } = await startServer(t);

  await t.test('a first run enrols, registers, reports and comes back after its own drops', async (t) => {
    const token = await rest.enroll({ max_uses: 12 });
    const options = ['--devices', '12', '--token', token, '--interval', '200ms', '--drop', '5'];
    const { code, text } = await simulate(t, server, ...options, '--duration', '4s').exited;
    assert.equal(code, 0, text);
    assert.equal(figure(text, 'registered'), 12);
    assert.equal(figure(text, 'connected'), 12);
    assert.ok(figure(text, 'dropped connections') > 0, text);
    assert.equal(figure(text, 'acknowledged'), figure(text, 'sent'));
    const { devices } = await rest.expect<{ devices: { device_type: string }[] }>(
      200,
      'GET',
      '/api/devices?q=sim-',
    );
    assert.equal(devices.length, 12);
    assert.equal(new Set(devices.map(({ device_type }) => device_type)).size, 6);
    const { widget_id } = await rest.widget('sim-0003', 'temperature');
    const values = (await rest.readings(widget_id)).map(({ value }) => Number(value));
    assert.ok(values.length > 5 && values.every((value) => value > 5 && value < 40), String(values));
  });

  await t.test('secrets are kept for the owner alone, and let the next run in without a token', async (t) => {
    assert.equal(statSync(statePath(server)).mode & 0o777, 0o600);
    const { code, text } = await simulate(t, server, '--devices', '12', '--duration', '1s').exited;
    assert.equal(code, 0, text);
    const secrets = Object.values(
      (JSON.parse(readFileSync(statePath(server), 'utf8')) as Record<string, Record<string, string>>)[
        `localhost:${server.ports.mqtts}`
      ] ?? {},
    );
    assert.equal(secrets.length, 12);
    assert.ok(!secrets.some((secret) => text.includes(secret)));
  });

  await t.test('a command is obeyed, late when asked to be, and the new state is reported', async (t) => {
    const run = simulate(t, server, '--devices', '2', '--slow', '300ms', '--interval', '100ms');
    await until('it reports', () => figure(run.output.text, 'acknowledged') > 0);
    const { widget_id } = await rest.widget('sim-0002', 'brightness');
    const before = performance.now();
    const { command } = await rest.expect<{ command: CommandBody }>(
      200,
      'POST',
      `/api/widgets/${widget_id}/command`,
      { value: 37 },
    );
    assert.ok(performance.now() - before >= 300);
    assert.equal(command.status, 'executed');
    await until(
      'it is reported',
      async () => (await rest.readings(widget_id)).filter(({ value }) => value === 37).length > 2,
    );
    run.interrupt();
    const { code, text } = await run.exited;
    assert.equal(code, 0, text);
    assert.equal(figure(text, 'commands'), 1);
  });

  await t.test('garbage that was asked for is refused, counted, and no error', async (t) => {
    const options = ['--devices', '6', '--garbage', '40', '--interval', '100ms', '--duration', '2s'];
    const { code, text } = await simulate(t, server, ...options).exited;
    assert.equal(code, 0, text);
    assert.ok(figure(text, 'garbage messages') > 10, text);
    // Each device may leave before it has heard of its last one (QoS 0).
    const unheard = figure(text, 'garbage messages') - figure(text, 'refused');
    assert.ok(unheard >= 0 && unheard <= 6, text);
  });

  await t.test('a wrong token is told, and ends with 1', async (t) => {
    const options = ['--devices', '1', '--prefix', 'stranger', '--token', 'wrong', '--duration', '1s'];
    const { code, text } = await simulate(t, server, ...options).exited;
    assert.equal(code, 1);
    assert.match(text, /1 × .*(not authorized|bad user name or password|bad username or password)/i);
  });

  await t.test('beside the server it needs no password, and puts devices into a room', async () => {
    await rest.expect(201, 'POST', '/api/rooms', { name: 'Hall' });
    const { dataDir, ports } = server;
    const variables = { DATA_DIR: dataDir, HTTP_PORT: String(ports.http), MQTTS_PORT: String(ports.mqtts) };
    const args = ['--devices', '2', '--prefix', 'here', '--duration', '1s'];
    const nowhere = await runTool('simulate', [...args, '--room', 'Attic'], { variables });
    assert.equal(nowhere.code, 1);
    assert.match(nowhere.stderr, /there is no room "Attic"; there is: Hall/);
    const { code, stdout } = await runTool('simulate', [...args, '--room', 'hall'], { variables });
    assert.equal(code, 0, stdout);
    const { devices } = await rest.expect<{ devices: unknown[] }>(
      200,
      'GET',
      '/api/devices?q=here-&paired=true',
    );
    assert.equal(devices.length, 2);
  });

  await t.test('an unknown or wrong option is told with the usage, and ends with 64', async (t) => {
    for (const option of [
      ['--colour', 'red'],
      ['--devices', 'many'],
      ['--drop', '101'],
      ['--url', 'x'],
      ['--room', 'Hall'],
    ]) {
      const { code, text } = await simulate(t, server, ...option).exited;
      assert.equal(code, 64, text);
      assert.match(text, /usage: npm run simulate/);
    }
  });

  await t.test('a server that restarts is an error, and all devices come back by themselves', async (t) => {
    // The devices know one address; the server gets other ports when it starts again.
    const upstream = () => server.ports.mqtts;
    const proxy = await startProxy({ upstream, cutEvery: () => Number.POSITIVE_INFINITY });
    t.after(() => proxy.stop());
    const token = await rest.enroll({ max_uses: 6 });
    const options = ['--url', `mqtts://localhost:${proxy.port}`, '--prefix', 'patient', '--token', token];
    const run = simulate(t, server, ...options, '--devices', '6', '--interval', '200ms');
    await until(
      'all are there',
      () => figure(run.output.text, 'connected') === 6,
      () => run.output.text,
    );
    await server.stop('SIGKILL');
    await server.start();
    await until(
      'all have come back',
      () => figure(run.output.text, 'reconnects') === 6,
      () => run.output.text,
    );
    run.interrupt();
    const { code, text } = await run.exited;
    assert.equal(code, 1);
    assert.match(text, /6 × the server ended the connection/);
    assert.equal(figure(text, 'acknowledged'), figure(text, 'sent'));
  });
});
