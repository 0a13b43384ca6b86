import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, loadConfig } from '../config/index.ts';
import { parseDuration } from '../db/domain/duration.ts';

const faults = (env: NodeJS.ProcessEnv): readonly string[] => {
  try {
    loadConfig(env);
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.lines;
  }
};

void test('an empty environment gives the defaults of the contract', () => {
  const config = loadConfig({});
  assert.deepEqual(config.listeners, {
    http: { host: '127.0.0.1', port: 3000 },
    https: { host: '0.0.0.0', port: 8443 },
    mqtt: { host: '127.0.0.1', port: 1883 },
    mqtts: { host: '0.0.0.0', port: 8883 },
  });
  assert.equal(config.jwtExpiresInMs, 72 * 3_600_000);
  assert.equal(config.enrollment, 'token');
  assert.equal(config.offlineAfterMs, 60_000);
  assert.equal(config.commandExpiryMs, 3_600_000);
  assert.equal(config.pairTimeoutMs, 30_000);
  assert.equal(config.defaultWidgetStatus, 'exclude');
  assert.equal(config.tlsMinVersion, 'TLSv1.3');
  assert.equal(config.mdnsName, null);
  assert.equal(config.databaseUrl, null);
  assert.equal(config.retentionEventsMs, 365 * 86_400_000);
});

void test('an empty variable is unset, off and 0 are ports', () => {
  const { listeners } = loadConfig({ HTTP_PORT: '', MQTT_PORT: 'off', MQTTS_PORT: '0' });
  assert.deepEqual([listeners.http.port, listeners.mqtt.port, listeners.mqtts.port], [3000, 'off', 0]);
});

void test('trusted proxies are addresses and ranges of both families', () => {
  assert.equal(loadConfig({}).trustedProxies, null);
  const { trustedProxies } = loadConfig({ TRUSTED_PROXIES: '192.0.2.1, 10.0.0.0/8,fd00::/8' });
  assert.ok(trustedProxies);
  for (const address of ['192.0.2.1', '10.255.0.1']) assert.ok(trustedProxies.check(address), address);
  assert.ok(trustedProxies.check('fd12::1', 'ipv6'));
  assert.ok(!trustedProxies.check('192.0.2.2'));
});

void test('a plain listener beyond loopback must be asked for', () => {
  assert.equal(faults({ MQTT_HOST: '0.0.0.0' }).length, 1);
  assert.equal(faults({ MQTT_HOST: '0.0.0.0', MQTT_PORT: 'off' }).length, 0);
  assert.equal(faults({ MQTT_HOST: '127.0.0.9', HTTP_HOST: '::1' }).length, 0);
  assert.equal(faults({ MQTT_HOST: '0.0.0.0', HTTP_HOST: '::', ALLOW_PLAINTEXT: 'true' }).length, 0);
});

void test('each bad value is one line that says what is allowed, without secrets', () => {
  const bad: [string, string, RegExp][] = [
    ['HTTP_PORT', '65536', /65535/],
    ['HTTP_PORT', '-1', /65535/],
    ['JWT_EXPIRES_IN', '3 days', /72h/],
    ['OFFLINE_AFTER', '0s', /from 1s/],
    ['DEFAULT_WIDGET_STATUS', 'shown', /include, exclude/],
    ['LOG_LEVEL', 'loud', /trace/],
    ['TRUSTED_PROXIES', '10.0.0.1, balancer', /10.0.0.0\/24/],
    ['TRUSTED_PROXIES', '0.0.0.0/0', /from \/8/],
    ['TRUSTED_PROXIES', '10.0.0.0/33', /from \/8/],
    ['TRUSTED_PROXIES', '::/0', /of IPv6 from \/7/],
    ['TLS_MIN_VERSION', 'TLSv1.1', /TLSv1.2/],
    ['ADMIN_PASSWORD', 'secret!', /8 to 1024/],
    ['JWT_SECRET', 'secret!', /32 bytes/],
    ['DATABASE_URL', 'mysql://u:secret!@h/d', /postgres:/],
    ['ALLOW_PLAINTEXT', 'yes', /true, false/],
    ['RETENTION_EVENTS', '23h', /from 1d to 1000y, or forever/],
    ['RETENTION_EVENTS', '1001y', /from 1d to 1000y, or forever/],
    ['RETENTION_EVENTS', '0', /such as 30d, 8w or 1y/],
    ['RETENTION_EVENTS', 'never', /forever/],
    ['MIN_FREE_DISK', '100%', /5%.*2GiB/],
    ['MIN_FREE_DISK', '-1', /5%.*2GiB/],
  ];
  for (const [name, value, allowed] of bad) {
    const lines = faults({ [name]: value });
    assert.equal(lines.length, 1, name);
    assert.match(lines[0] ?? '', new RegExp(`^${name}: `));
    assert.match(lines[0] ?? '', allowed);
    assert.doesNotMatch(lines[0] ?? '', /secret!/);
  }
});

void test('a first password made of the name of the admin is refused', () => {
  const [line, ...more] = faults({ ADMIN_USERNAME: 'magdalena', ADMIN_PASSWORD: 'Magdalena-2026' });
  assert.match(line ?? '', /^ADMIN_PASSWORD: .*made of the user name/);
  assert.deepEqual(more, []);
  assert.deepEqual(faults({ ADMIN_USERNAME: 'magdalena', ADMIN_PASSWORD: 'administrator1' }).length, 1);
  assert.deepEqual(faults({ ADMIN_PASSWORD: 'Magdalena-2026' }), []);
});

void test('the free space to keep is a part of the disk, or a size', () => {
  const read = (text: string) => loadConfig({ MIN_FREE_DISK: text }).minFreeDisk;
  assert.deepEqual(read(''), { percent: 5 });
  assert.deepEqual(read('7.5%'), { percent: 7.5 });
  assert.deepEqual(read('2GiB'), { bytes: 2 * 1024 ** 3 });
  assert.deepEqual(read('0'), { bytes: 0 });
});

void test('durations have a unit', () => {
  assert.deepEqual(
    ['500ms', '60s', '5m', '72h', '7d', '2w', '1y', '60', 's', '1.5h', ''].map(parseDuration),
    [500, 60_000, 300_000, 259_200_000, 604_800_000, 1_209_600_000, 31_536_000_000, null, null, null, null],
  );
});

void test('what is kept has a time, or is kept for ever', () => {
  const kept = (text: string) => loadConfig({ RETENTION_EVENTS: text }).retentionEventsMs;
  assert.deepEqual(['1d', '8w', '2y', 'forever'].map(kept), [
    86_400_000,
    4_838_400_000,
    63_072_000_000,
    null,
  ]);
});

void test('the files that variables name are read by the server alone', () => {
  const env = { TLS_CERT: '/nowhere/own.crt', TLS_KEY: '/nowhere/own.key' };
  assert.deepEqual(faults(env).length, 1);
  assert.match(faults(env)[0] ?? '', /^TLS_CERT: \/nowhere\/own\.crt cannot be read: ENOENT/);
  assert.deepEqual(loadConfig(env, { readFiles: false }).tlsFiles, {
    cert: '/nowhere/own.crt',
    key: '/nowhere/own.key',
  });
});
