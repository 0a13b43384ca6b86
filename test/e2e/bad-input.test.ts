import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connected, enrolled, reading, register } from '../helpers/devices.ts';
import { startServer } from '../helpers/setup.ts';
import { Wire } from '../helpers/wire.ts';

void test('bad input over MQTT', async (t) => {
  const { server, rest } = await startServer(t);
  const { wire, secret } = await enrolled(server, rest, 'victim');
  await wire.subscribe('devices/victim/errors');
  t.after(() => wire.drop());
  const { wire: neighbour } = await enrolled(server, rest, 'neighbour');
  t.after(() => neighbour.drop());

  const soon = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
  const nested = `{"capability_type":"t","control_type":"sensor","value":1,"x":${'['.repeat(20)}${']'.repeat(20)}}`;
  const refused: [what: string, payload: unknown, code: string, message: RegExp][] = [
    ['bad JSON', '{"capability_type":', 'INVALID_PAYLOAD', /not JSON/],
    ['nothing', '', 'INVALID_PAYLOAD', /not JSON/],
    ['what is no object', '[]', 'INVALID_PAYLOAD', /object/],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 'INVALID_PAYLOAD', /UTF-8/],
    ['a missing value', reading(undefined), 'INVALID_PAYLOAD', /value is required/],
    [
      'a missing capability_type',
      { control_type: 'sensor', value: 1 },
      'INVALID_PAYLOAD',
      /capability_type is required/,
    ],
    [
      'a missing control_type',
      { capability_type: 't', value: 1 },
      'INVALID_PAYLOAD',
      /control_type is required/,
    ],
    [
      'an unknown control_type',
      reading(1, { control_type: 'lever' }),
      'INVALID_PAYLOAD',
      /control_type must be one of/,
    ],
    ['a value that is no scalar', reading({ a: 1 }), 'INVALID_PAYLOAD', /value must be/],
    ['a text with U+0000', reading('a\u0000b'), 'INVALID_PAYLOAD', /U\+0000/],
    ['a time 6 minutes ahead', reading(1, { timestamp: soon(6) }), 'INVALID_TIMESTAMP', /5 minutes ahead/],
    ['a time 31 days ago', reading(1, { timestamp: soon(-31 * 24 * 60) }), 'INVALID_TIMESTAMP', /older/],
    ['a time that is none', reading(1, { timestamp: 'now' }), 'INVALID_PAYLOAD', /RFC 3339/],
    ['a seq that is none', reading(1, { seq: -1 }), 'INVALID_PAYLOAD', /seq/],
    ['deep nesting', nested, 'INVALID_PAYLOAD', /nested deeper/],
    [
      '64 KiB and one byte',
      `${JSON.stringify(reading(1))}${' '.repeat(65_537)}`.slice(0, 65_537),
      'PAYLOAD_TOO_LARGE',
      /65537 bytes/,
    ],
    [
      '501 readings at once',
      { readings: Array.from({ length: 501 }, () => reading(1)) },
      'LIMIT_REACHED',
      /501/,
    ],
    [
      'one bad reading in a batch',
      { readings: [reading(1), reading(undefined)] },
      'INVALID_PAYLOAD',
      /readings\[1\]/,
    ],
  ];
  for (const [what, payload, code, message] of refused) {
    await t.test(`${what} is acknowledged, told and kept, and stores nothing`, async () => {
      const before = wire.messages.length;
      await wire.publish('devices/victim/sensor', payload);
      const told = await wire.message(
        (m) => m.topic === 'devices/victim/errors' && wire.messages.indexOf(m) >= before,
      );
      const error = JSON.parse(told.payload) as {
        topic: string;
        code: string;
        message: string;
        timestamp: string;
      };
      assert.equal(error.code, code);
      assert.match(error.message, message);
      assert.equal(error.topic, 'devices/victim/sensor');
      assert.match(error.timestamp, /^\d{4}-.*\.\d{3}Z$/);
      assert.deepEqual((await rest.device('victim')).last_error, error);
      const { widget_id } = await rest.widget('victim', 'temperature');
      assert.deepEqual(await rest.readings(widget_id), []);
    });
  }

  await t.test('a registration without a field is answered with what is missing', async () => {
    const answer = await register(wire, 'victim', { device_id: 'victim', device_type: 'x' });
    assert.equal(answer.status, 'error');
    assert.equal(answer.code, 'INVALID_PAYLOAD');
    assert.equal(answer.message, 'device_name is required');
  });

  const dangerous = ['__proto__', 'constructor', 'toString', 'a/b', '~answer', 'x'.repeat(65), ''];
  for (const clientId of dangerous) {
    await t.test(`${JSON.stringify(clientId)} is no device id`, async () => {
      const token = await rest.enroll();
      const bad = await Wire.tcp(server.ports.mqtt);
      const { returnCode } = await bad.connect({ clientId, username: clientId, password: token });
      assert.notEqual(returnCode, 0);
      await bad.drop();
    });
  }

  const closing: [what: string, topic: string][] = [
    ["another device's topic", 'devices/neighbour/sensor'],
    ['a topic outside the own', 'home/light'],
    ['a command', 'devices/victim/command/request'],
    ['a wildcard', 'devices/+/sensor'],
    ['a multi-level wildcard', 'devices/victim/#'],
    ['the system topic of the broker', '$SYS/broker/new/clients'],
    ['an answer to an unknown command', 'devices/~unknown/command/response'],
    ['a topic with U+0000', 'devices/victim/sensor\u0000'],
    ['a topic of a thousand levels', 'a/'.repeat(1000)],
  ];
  for (const [what, topic] of closing) {
    await t.test(`publishing to ${what} closes the connection`, async () => {
      const other = await connected(server, 'victim', secret);
      await assert.rejects(other.publish(topic, reading(1)), /closed/);
    });
  }

  await t.test(
    'a filter without a right to it is refused with 128, the others of the packet are granted',
    async () => {
      const other = await connected(server, 'victim', secret);
      const granted = await other.subscribe(
        'devices/neighbour/#',
        'devices/victim/errors',
        '#',
        '$SYS/#',
        'devices/+/errors',
      );
      assert.deepEqual(granted, [128, 1, 128, 128, 128]);
      await other.disconnect();
    },
  );

  await t.test('a packet above 256 KiB closes the connection before it has been sent', async () => {
    const other = await connected(server, 'victim', secret);
    const header = Buffer.from([0x32, 0xff, 0xff, 0xff, 0x7f]);
    other.sendRaw(header);
    await other.closed;
  });

  await t.test('a second connection with the client id takes the session over', async () => {
    const first = await connected(server, 'victim', secret);
    const second = await connected(server, 'victim', secret);
    await first.closed;
    await second.publish('devices/victim/heartbeat', {
      capability_type: 'status',
      control_type: 'heartbeat',
    });
    assert.equal((await rest.device('victim')).connected, true);
    await second.disconnect();
  });

  await t.test('garbage instead of MQTT, and a connection that says nothing more, harm nobody', async () => {
    for (const bytes of ['GET / HTTP/1.1\r\n\r\n', '\u0000'.repeat(100), 'x']) {
      const other = await Wire.tcp(server.ports.mqtt);
      other.sendRaw(Buffer.from(bytes));
      other.socket.end();
      await other.closed;
    }
  });

  await t.test('after all of it the process lives and the neighbour noticed nothing', async () => {
    assert.ok(server.alive);
    await neighbour.publish('devices/neighbour/sensor', reading('fine'));
    assert.equal((await rest.widget('neighbour', 'temperature')).value, 'fine');
    assert.deepEqual(
      server.lines.filter(({ level }) => level === 'error' || level === 'fatal'),
      [],
    );
  });
});
