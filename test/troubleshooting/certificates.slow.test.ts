import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { folder, operatorsFiles } from '../helpers/certificates.ts';
import { enrolled } from '../helpers/devices.ts';
import { MachineClock, machineClockMissing } from '../helpers/machine-clock.ts';
import { startServer } from '../helpers/setup.ts';
import { type Called, callOf, clientsMissing, command, publish } from './client.ts';
import { assertSeen, logged } from './page.ts';

const skip = clientsMissing() || machineClockMissing();

void test('a device that does not trust the server, or that is not heard', { skip }, async (t) => {
  const { server, rest } = await startServer(t);
  const { wire, secret } = await enrolled(server, rest, 'lamp');
  await wire.disconnect();
  const good: Called = { port: server.ports.mqtts, ca: server.caPath, password: secret };
  const { mqtts: port } = server.ports;
  const dir = folder(t);
  let from = 0;
  /** What is wrong, and what the log says of it; then the page's advice, which mends it. */
  const provoked = async (name: string, args: readonly string[], env?: NodeJS.ProcessEnv) => {
    from = server.lines.length;
    const [file = '', ...rest] = args;
    const { code, said } = await command(file, rest, env);
    assert.notEqual(code, 0, said);
    await logged(server, `${name}-log`, from);
    return said;
  };
  const mended = async () => {
    const { code, said } = await publish(good);
    assert.equal(code, 0, said);
  };
  await mended();

  await t.test('another CA', async () => {
    const { caPath, issue } = operatorsFiles(dir);
    await issue();
    assertSeen('ca-device', await provoked('ca', ['mosquitto_pub', ...callOf({ ...good, ca: caPath })]));
    const check = (ca: string) =>
      command('sh', [
        '-c',
        `openssl s_client -connect localhost:${port} -CAfile ${ca} -verify_return_error -brief < /dev/null`,
      ]);
    assert.match((await check(caPath)).said, /verify error/);
    assert.match((await check(server.caPath)).said, /Verification: OK/);
  });

  await t.test('another name', async () => {
    const said = await provoked('name', ['mosquitto_pub', ...callOf({ ...good, host: '127.0.0.2' })]);
    assertSeen('ca-device', said);
    const names = await command('sh', [
      '-c',
      `openssl s_client -connect localhost:${port} < /dev/null 2> /dev/null | openssl x509 -noout -ext subjectAltName`,
    ]);
    assert.match(names.said, /DNS:localhost/);
    assert.doesNotMatch(names.said, /127\.0\.0\.2/);
  });

  await t.test('a clock that is ahead, and one at its beginning', async () => {
    const call = ['mosquitto_pub', ...callOf(good)];
    const at = (time: string) => new MachineClock(t, Date.parse(time)).env;
    assertSeen('ca-device', await provoked('clock-ahead', call, at('2099-01-01')));
    // Told as a name that is not right, which it was a moment ago: the log says it once a minute.
    const behind = await publish(good, at('2001-01-01'));
    assertSeen('ca-device', behind.said);
  });

  await t.test('TLS 1.2', async () => {
    const settings = join(dir, 'openssl.cnf');
    writeFileSync(
      settings,
      'openssl_conf = o\n[o]\nssl_conf = s\n[s]\nsystem_default = d\n[d]\nMaxProtocol = TLSv1.2\n',
    );
    const env = { OPENSSL_CONF: settings };
    assertSeen('ca-device', await provoked('tls-version', ['mosquitto_pub', ...callOf(good)], env));
    const ports = Object.entries(server.ports).map(([name, at]) => [
      `${name.toUpperCase()}_PORT`,
      String(at),
    ]);
    await server.restartWith({ ...Object.fromEntries(ports), TLS_MIN_VERSION: 'TLSv1.2' });
    const { code, said } = await publish(good, env);
    assert.equal(code, 0, said);
  });

  await t.test('the wrong port, and none', async () => {
    assert.match(
      await provoked('port-plain', ['mosquitto_pub', ...callOf({ ...good, ca: null })]),
      /connection was lost/,
    );
    const said = async (called: Partial<Called>) => (await publish({ ...good, ...called })).said;
    assert.match(await said({ port: server.ports.mqtt }), /A TLS error occurred/);
    assert.match(await said({ port: 1 }), /Error: Connection refused/);
    assert.match(await said({ host: 'nowhere.invalid' }), /Unable to connect \(Lookup error\.\)\./);
  });
  await mended();
});
