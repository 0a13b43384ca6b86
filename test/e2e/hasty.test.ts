import { test } from 'node:test';
import { generate } from 'mqtt-packet';
import { createWebSocketStream, WebSocket } from 'ws';
import { enrolled, reading } from '../helpers/devices.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';
import { Wire } from '../helpers/wire.ts';

/** More than are read in one turn, and than a second's worth when several connections follow each other. */
const READINGS = 600;

/** The bytes of a device that says all at once; every tenth reading is retained, and goes through the parser. */
function allAtOnce(qos: 0 | 1, timestamp: string, end: 'disconnect' | 'silence'): Buffer {
  const packets = Array.from({ length: READINGS }, (_, seq) =>
    generate({
      cmd: 'publish',
      topic: 'devices/hasty/sensor',
      payload: JSON.stringify(reading(seq, { timestamp, seq })),
      qos,
      messageId: seq + 1,
      dup: false,
      retain: seq % 10 === 9,
    }),
  );
  return Buffer.concat([...packets, ...(end === 'disconnect' ? [generate({ cmd: 'disconnect' })] : [])]);
}

void test('what came ahead of the end of a connection is stored', async (t) => {
  const { server, rest } = await startServer(t);
  const { wire, secret } = await enrolled(server, rest, 'hasty');
  await wire.disconnect();
  const { widget_id: widget } = await rest.widget('hasty', 'temperature');

  const tcp = () => Wire.tcp(server.ports.mqtt);
  const tls = () => Wire.tls(server.ports.mqtts, server.ca);
  const webSocket = () => {
    const ws = new WebSocket(`ws://127.0.0.1:${server.ports.http}/mqtt`, 'mqtt');
    const stream = Object.assign(createWebSocketStream(ws), { setNoDelay: () => {} });
    return Promise.resolve(new Wire(stream as unknown as Wire['socket']));
  };
  const cases = [
    { name: 'over TCP, at most once', open: tcp, qos: 0, end: 'silence' },
    { name: 'over TCP, with a DISCONNECT', open: tcp, qos: 0, end: 'disconnect' },
    { name: 'over TCP, at least once', open: tcp, qos: 1, end: 'silence' },
    { name: 'over TLS', open: tls, qos: 1, end: 'disconnect' },
    { name: 'over WebSocket', open: webSocket, qos: 1, end: 'disconnect' },
    { name: 'over WebSocket, at most once', open: webSocket, qos: 0, end: 'silence' },
  ] as const;
  let expected = 0;
  for (const { name, open, qos, end } of cases) {
    await t.test(name, async () => {
      const device = await open();
      await device.connect({ clientId: 'hasty', username: 'hasty', password: secret });
      device.socket.end(allAtOnce(qos, new Date().toISOString(), end));
      await device.closed;
      expected += READINGS;
      let count = 0;
      const all = async () => {
        count = (await rest.readings(widget)).length;
        return count === expected;
      };
      await until(`all ${expected} are stored`, all, () => String(count));
    });
  }
});
