import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect } from 'node:tls';
import { openCertificateStore } from '../../certs/store.ts';
import { builtAt } from '../../db/built-at.ts';
import { connect as connectDatabase } from '../../db/client.ts';
import { shortSocketPath } from '../../db/socket-path.ts';
import { silent } from '../helpers/database.ts';
import { enrolled, reading } from '../helpers/devices.ts';
import { Lamp } from '../helpers/lamp.ts';
import { MachineClock, machineClockMissing } from '../helpers/machine-clock.ts';
import { type CommandBody, Rest } from '../helpers/rest.ts';
import { Server } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';
import { Wire } from '../helpers/wire.ts';

const skip = machineClockMissing();
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** A box without a battery starts here. */
const EPOCH = 5 * 60_000;
/** The right time, as it were. */
const RIGHT = builtAt() + 40 * DAY;

async function boot(t: TestContext, time: number, env: Record<string, string> = {}) {
  const clock = new MachineClock(t, time);
  const server = new Server({ env: { ...clock.env, ...env } });
  t.after(() => server.dispose());
  await server.start();
  const rest = await new Rest(server).logIn();
  /** The program sees it within a second. */
  const setTo = async (time: number) => {
    clock.set(time);
    await until('the program sees it', async () => {
      const told = (await rest.get('/api/health')).headers.get('date') ?? '';
      return Math.abs(Date.parse(told) - clock.now) < 10_000;
    });
  };
  return { server, rest, setTo };
}

/** Is it acknowledged within a moment? */
const isPrompt = (sent: Promise<unknown>) =>
  Promise.race([sent.then(() => true), new Promise((resolve) => setTimeout(resolve, 1500, false))]);

const text = (time: number) => new Date(time).toISOString();
const certificate = (server: Server, file: string) =>
  new X509Certificate(readFileSync(join(server.dataDir, 'certs', file)));
const valuesOf = async (rest: Rest, deviceId: string) => {
  const { widget_id } = await rest.widget(deviceId, 'temperature');
  const { body } = await rest.get<{ readings: { at: string; value: unknown }[] }>(
    `/api/widgets/${widget_id}/readings?from=1970-01-01T00:00:00Z&to=2199-01-01T00:00:00Z`,
  );
  return body.readings;
};

void test('a first start at 1970, and the clock is set later', { skip }, async (t) => {
  const { server, rest, setTo } = await boot(t, EPOCH);
  const { wire } = await enrolled(server, rest, 'd1');
  const publish = (...of: Parameters<typeof reading>) => wire.publish('devices/d1/sensor', reading(...of));

  await t.test('what has a sane time is stored, what has none or one of 1970 waits', async () => {
    assert.ok(server.lines.some(({ msg }) => msg.startsWith('the clock of this machine is wrong')));
    await publish('sane', { timestamp: text(RIGHT - HOUR) });
    assert.deepEqual(
      (await valuesOf(rest, 'd1')).map(({ value }) => value),
      ['sane'],
    );
  });
  const untimed = publish('untimed');
  const early = publish('early', { timestamp: text(EPOCH) });
  assert.equal(await isPrompt(untimed), false);
  assert.equal(await isPrompt(early), false);

  await t.test('people, devices and commands go on', async () => {
    const { status, body } = await rest.get<{ status: string; last_heartbeat: string }>('/api/devices/d1');
    assert.deepEqual([status, body.status], [200, 'online']);
    assert.ok(Date.parse(body.last_heartbeat) >= builtAt(), body.last_heartbeat);
    const lamp = await Lamp.enrol(server, rest, 'lamp');
    const { widget_id } = await lamp.widget('power');
    const path = `/api/widgets/${widget_id}/command`;
    const done = await rest.expect<{ command: CommandBody }>(200, 'POST', path, { value: true });
    assert.equal(done.command.status, 'executed');
  });

  await t.test(
    'certificates are of the time when the program was made, and those of devices count',
    async () => {
      for (const file of ['ca.crt', 'server.pem']) {
        const { validFrom, validTo } = certificate(server, file);
        assert.ok(Date.parse(validFrom) <= builtAt() && Date.parse(validTo) > RIGHT, `${file}: ${validFrom}`);
      }
      const { issueDevice } = openCertificateStore({ dir: join(server.dataDir, 'certs'), now: builtAt });
      const { keyPem, certPem } = await issueDevice('d2');
      const socket = connect({
        port: server.ports.mqtts,
        host: '127.0.0.1',
        rejectUnauthorized: false,
        key: keyPem,
        cert: certPem,
      });
      await once(socket, 'secureConnect');
      const device = new Wire(socket);
      assert.equal((await device.connect({ clientId: 'd2', username: 'd2' })).returnCode, 0);
      device.socket.destroy();

      const stranger = openCertificateStore({ dir: join(server.dataDir, 'stranger'), now: builtAt });
      const forged = await stranger.issueDevice('d2');
      const other = connect({
        ...{ port: server.ports.mqtts, host: '127.0.0.1', rejectUnauthorized: false },
        ...{ key: forged.keyPem, cert: forged.certPem },
      });
      await once(other, 'secureConnect');
      assert.notEqual((await new Wire(other).connect({ clientId: 'd2', username: 'd2' })).returnCode, 0);
      other.destroy();
    },
  );

  await setTo(RIGHT);
  await untimed;
  await early;
  await t.test('what waited is stored at the right time, and nothing at 1970', async () => {
    const stored = await valuesOf(rest, 'd1').catch(async () => {
      await rest.logIn();
      return valuesOf(rest, 'd1');
    });
    const at = stored.find(({ value }) => value === 'untimed')?.at ?? '';
    assert.ok(Math.abs(Date.parse(at) - RIGHT) < 60_000, at);
    assert.ok(!stored.some(({ value }) => value === 'early'));
    assert.ok(stored.every((one) => Date.parse(one.at) > builtAt()));
    const { body } = await rest.get<{ last_error: { code: string } }>('/api/devices/d1');
    assert.match(body.last_error.code, /TIME/);
    const { body: told } = await rest.get<{ events: { at: string }[] }>('/api/events?limit=200');
    assert.ok(told.events.every((event) => Date.parse(event.at) >= builtAt()));
  });

  await t.test('the server certificate follows the clock by itself, the CA stays', async () => {
    const ca = certificate(server, 'ca.crt').fingerprint256;
    await setTo(RIGHT + 380 * DAY);
    await until(
      'it is made anew',
      () => Date.parse(certificate(server, 'server.pem').validTo) > RIGHT + 700 * DAY,
    );
    assert.equal(certificate(server, 'ca.crt').fingerprint256, ca);
    assert.ok(Date.parse(certificate(server, 'server.pem').validFrom) < RIGHT + 380 * DAY);
  });
});

void test('a clock that falls back to 1970, forgets nothing, and is set again', { skip }, async (t) => {
  const { server, rest, setTo } = await boot(t, RIGHT);
  const { wire } = await enrolled(server, rest, 'd1');
  const publish = (...of: Parameters<typeof reading>) => wire.publish('devices/d1/sensor', reading(...of));
  await publish('before');
  await setTo(EPOCH);
  const waiting = publish('waits');
  assert.equal(await isPrompt(waiting), false);
  // Nobody is logged out, and a log-in that has ended is not good again.
  const { status, body } = await rest.get<{ status: string }>('/api/devices/d1');
  assert.deepEqual([status, body.status], [200, 'online']);
  const { body: system } = await rest.get<{ time: string }>('/api/system');
  assert.ok(Date.parse(system.time) >= builtAt(), system.time);

  await t.test('also over a restart, from what the newest reading tells', async () => {
    wire.socket.destroy();
    await waiting.catch(() => {});
    await server.stop();
    await server.start();
    assert.ok(server.lines.some(({ msg }) => msg.startsWith('the clock of this machine is wrong')));
    assert.equal((await rest.get('/api/devices/d1')).status, 200, 'the log-in still counts');
  });
  await setTo(RIGHT + HOUR);
  assert.ok((await valuesOf(rest, 'd1')).some(({ value }) => value === 'before'));
});

void test('a clock that runs ten years ahead drops nothing, and keeps nothing waiting once it is set back', {
  skip,
}, async (t) => {
  const { server, rest, setTo } = await boot(t, RIGHT, { RETENTION_EVENTS: '1d' });
  const { wire } = await enrolled(server, rest, 'd1');
  const publish = (...of: Parameters<typeof reading>) => wire.publish('devices/d1/sensor', reading(...of));
  await publish('before');
  const { sql, close } = connectDatabase(
    { socketPath: shortSocketPath(server.dataDir, 'postgres') },
    silent,
    1,
  );
  await until('what is too old has been looked for', async () => {
    const rows = await sql`select 1 from meta where key = 'retention_ran'`;
    return rows.length > 0;
  });
  await close();
  await setTo(RIGHT + 3650 * DAY);
  await publish('ahead');
  const kinds = async () => {
    const { body } = await rest.get<{ events: { kind: string }[] }>('/api/events?limit=200');
    return new Set(body.events.map(({ kind }) => kind));
  };
  await rest.logIn();
  await until(
    'the leap is noticed',
    async () => (await kinds()).has('history_waits'),
    () => server.report(),
    60_000,
  );
  await setTo(RIGHT + HOUR);
  await rest.logIn();
  assert.ok(await isPrompt(publish('after')), server.report());
  assert.deepEqual((await valuesOf(rest, 'd1')).map(({ value }) => value).sort(), [
    'after',
    'ahead',
    'before',
  ]);
  const shown = await rest.widget('d1', 'temperature');
  assert.equal(shown.value, 'after');
  assert.ok(Math.abs(Date.parse(shown.value_at ?? '') - RIGHT - HOUR) < 60_000, String(shown.value_at));
  assert.ok((await kinds()).has('device_registered'), [...(await kinds())].join());
  assert.ok(server.alive);
});
