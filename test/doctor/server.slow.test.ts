import assert from 'node:assert/strict';
import { chmodSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { runTool } from '../helpers/command.ts';
import { missing } from '../helpers/database.ts';
import { environmentOf, examine, faults, found } from '../helpers/doctor.ts';
import { ADMIN } from '../helpers/server.ts';
import { startServer } from '../helpers/setup.ts';

void test('a server that runs and then does not', async (t) => {
  const { server } = await startServer(t);
  const env = environmentOf(server);

  await t.test('is well: nothing is broken, and it says so to a person in plain text', async () => {
    const report = await examine({ env });
    assert.deepEqual(
      faults(report).filter((code) => code !== 'clock_not_synchronised' && code !== 'disk_slow'),
      [],
      report.stdout,
    );
    assert.equal(report.findings.filter(({ code }) => code === 'port_answers').length, 4);
    assert.match(found(report, 'flows').text, /^12 of 12 /);
    const { stdout } = await runTool('doctor', [], { variables: env });
    assert.match(stdout, /^ {2}✓ 12 of 12 flows work$/m);
    assert.ok(!stdout.includes('\u001b'), 'no colours where nobody sees them');
    assert.ok(!stdout.includes(ADMIN.password));
  });

  await t.test(
    'is asked from elsewhere by its URL, and what is no server of ours is told as that',
    async () => {
      const url = `https://localhost:${server.ports.https}`;
      const there = await examine({ env: { DATA_DIR: server.dataDir }, args: ['--url', url] });
      assert.equal(there.code, 0, there.stdout);
      const away = await examine({ args: ['--url', 'http://127.0.0.1:1'] });
      assert.deepEqual(faults(away), ['server_unreachable']);
      const stranger = await examine({ env: { DATA_DIR: '/nowhere' }, args: ['--url', url] });
      assert.match(found(stranger, 'server_unreachable').text, /is not trusted/);
    },
  );

  await t.test('is reached at the address that devices are told, or it is said that it is not', async () => {
    const told = await examine({ env: { ...env, PUBLIC_HOST: '127.0.0.2' } });
    // It listens on all addresses of the machine, and its certificate names others.
    assert.deepEqual(
      faults(told).filter((code) => code.startsWith('certificate')),
      ['certificate_names'],
    );
    const nowhere = await examine({ env: { ...env, PUBLIC_HOST: 'no-such-name.invalid' } });
    assert.equal(found(nowhere, 'name_unresolved').level, 'warning');
  });

  await t.test('may open too few files', async () => {
    const report = await examine({ env: { ...env, MAX_CONNECTIONS: '900000' } });
    assert.match(found(report, 'file_limit_low').todo ?? '', /LimitNOFILE=900100/);
  });

  await t.test('has stopped, and another program has taken its port', async (t) => {
    await server.stop();
    const thief = createServer();
    await new Promise<void>((resolve) => thief.listen(server.ports.mqtt, '127.0.0.1', resolve));
    t.after(() => thief.close());
    const report = await examine({ env });
    assert.deepEqual(faults(report).sort(), ['port_taken', 'server_stopped']);
    const { text, todo } = found(report, 'port_taken');
    assert.ok(text.includes(`(process ${process.pid})`), text);
    assert.match(todo ?? '', /MQTT_PORT/);
    assert.equal(report.findings.filter(({ code }) => code === 'port_free').length, 3);
    const elsewhere = await examine({ env: { ...env, MQTT_HOST: '192.0.2.1', ALLOW_PLAINTEXT: 'true' } });
    assert.equal(found(elsewhere, 'address_missing').level, 'broken');
  });

  await t.test('whose files are open to others', async () => {
    chmodSync(server.dataDir, 0o755);
    chmodSync(`${server.dataDir}/jwt.secret`, 0o644);
    const report = await examine({ env });
    const wrong = ['folder_open_to_others', 'secret_open_to_others'].map((code) => found(report, code));
    for (const { todo } of wrong) assert.match(todo ?? '', /^chmod [67]00 /);
    chmodSync(server.dataDir, 0o700);
    chmodSync(`${server.dataDir}/jwt.secret`, 0o600);
  });

  await t.test('whose embedded database has lost a file', async () => {
    rmSync(`${server.dataDir}/db/PG_VERSION`);
    assert.equal(found(await examine({ env }), 'database_damaged').level, 'broken');
  });
});

void test('a server whose database has stopped', { skip: missing('postgres') }, async (t) => {
  const { server, postgres } = await startServer(t, {}, 'postgres');
  assert.ok(postgres);
  const env = environmentOf(server, { DATABASE_URL: postgres.url });
  assert.match(found(await examine({ env }), 'database').text, /^PostgreSQL \d+/);
  await postgres.stop('immediate');
  const report = await examine({ env });
  assert.equal(report.code, 2);
  for (const code of ['database_unreachable', 'server_down', 'flow_sensor_data', 'flow_commands'])
    assert.equal(found(report, code).level, 'broken', code);
  assert.ok(!faults(report).includes('port_silent'), 'the listeners answer all the same');
  assert.ok(!report.stdout.includes(new URL(postgres.url).password));
});
