import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generate, type IConnackPacket } from 'mqtt-packet';
import { connected, enrolled, reading } from '../helpers/devices.ts';
import { ADMIN } from '../helpers/server.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';
import { Wire } from '../helpers/wire.ts';

/** Faults of the broker library, each seen without its remedy. */
void test('faults of the broker library', async (t) => {
  const { server, rest } = await startServer(t);
  const admin = async (clientId: string, clean = true) => {
    const wire = await Wire.tcp(server.ports.mqtt);
    assert.equal((await wire.connect({ clientId, ...ADMIN, clean })).returnCode, 0);
    return wire;
  };

  await t.test('a QoS 1 message is not lost when a QoS 0 message overtakes it', async () => {
    const reader = await admin('reader');
    await reader.subscribe('order/#');
    const writer = await admin('writer');
    const count = 200;
    const sent = Array.from({ length: count }, (_, i) =>
      writer.publish('order/x', String(i), { qos: i % 2 === 0 ? 1 : 0 }),
    );
    await Promise.all(sent);
    await until('all have come', () => reader.messages.length >= count);
    assert.equal(new Set(reader.messages.map(({ payload }) => payload)).size, count);
    await Promise.all([reader.disconnect(), writer.disconnect()]);
  });

  await t.test('an empty client id needs a clean session', async () => {
    const bad = await Wire.tcp(server.ports.mqtt);
    // Written by hand: no encoder makes such a packet.
    const connack = bad.packet(({ cmd }) => cmd === 'connack');
    bad.sendRaw(Buffer.from([0x10, 0x0c, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 0, 0, 60, 0, 0]));
    const { returnCode } = (await connack) as IConnackPacket;
    assert.equal(returnCode, 2);
    const good = await admin('');
    await good.disconnect();
  });

  await t.test('filters that the standard forbids end the connection', async () => {
    for (const filter of ['a#', 'a+', '#/a', 'a/#/b', 'a\u0000b']) {
      const wire = await admin('filters');
      await assert.rejects(wire.subscribe(filter), /closed/, filter);
    }
  });

  await t.test('a will on a topic that is none, or not allowed, is refused at the connection', async () => {
    const { wire, secret } = await enrolled(server, rest, 'willed');
    await wire.disconnect();
    for (const topic of ['a/+', '#', 'devices/other/sensor', '$SYS/x/new/clients']) {
      const bad = await Wire.tcp(server.ports.mqtt);
      const hello = { clientId: 'willed', username: 'willed', password: secret };
      const answer = bad.connect({ ...hello, will: { topic, payload: 'x' } });
      const code = await answer.then(
        ({ returnCode }) => returnCode,
        () => -1,
      );
      assert.notEqual(code, 0, topic);
      await bad.drop();
    }
  });

  await t.test('a will on the own sensor topic is a reading like any other', async () => {
    const { wire, secret } = await enrolled(server, rest, 'dying');
    await wire.disconnect();
    const last = await Wire.tcp(server.ports.mqtt);
    const will = { topic: 'devices/dying/sensor', payload: JSON.stringify(reading('last words')) };
    await last.connect({ clientId: 'dying', username: 'dying', password: secret, will });
    await last.drop();
    await until(
      'it is stored',
      async () => (await rest.widget('dying', 'temperature')).value === 'last words',
    );
  });

  await t.test('a reader that does not read stops nobody, and hears again once it reads', async () => {
    const slow = await admin('slow');
    await slow.subscribe('devices/#');
    slow.socket.pause();
    const { wire } = await enrolled(server, rest, 'fast');
    const text = 'x'.repeat(4000);
    // Far above what the kernel's buffers and ours hold for the reader.
    for (let round = 0; round < 20; round++) {
      await Promise.all(
        Array.from({ length: 100 }, (_, i) =>
          wire.publish('devices/fast/sensor', reading(`${round} ${i} ${text}`)),
        ),
      );
    }
    assert.match(String((await rest.widget('fast', 'temperature')).value), /^19 99/);
    slow.socket.resume();
    await until('it hears something new', async () => {
      await wire.publish('devices/fast/sensor', reading('new'));
      return slow.messages.some(({ payload }) => payload.includes('"new"'));
    });
    assert.ok(slow.messages.length < 2000, 'messages for it were dropped meanwhile');
    await Promise.all([wire.disconnect(), slow.drop()]);
  });

  await t.test(
    'many connections that take over from each other leave one, which can be taken over too',
    async () => {
      const { wire, secret } = await enrolled(server, rest, 'contested');
      await wire.disconnect();
      const all = await Promise.all(
        Array.from({ length: 8 }, () => connected(server, 'contested', secret).catch(() => null)),
      );
      await until('one is left', () => all.filter((one) => one !== null && !one.ended).length === 1);
      const last = await connected(server, 'contested', secret);
      await until('none of the old is left', () => all.every((one) => one === null || one.ended));
      assert.equal((await rest.device('contested')).connected, true);
      await last.publish('devices/contested/sensor', reading('mine'));
      await last.disconnect();
      await until('it is away', async () => !(await rest.device('contested')).connected);
    },
  );

  await t.test('thousands of messages in one burst are held within bounds and all acknowledged', async () => {
    const { wire } = await enrolled(server, rest, 'burst');
    const timestamp = new Date().toISOString();
    await Promise.all(
      Array.from({ length: 5000 }, (_, i) =>
        wire.publish('devices/burst/sensor', reading(i, { timestamp, seq: i })),
      ),
    );
    const { widget_id } = await rest.widget('burst', 'temperature');
    assert.equal((await rest.readings(widget_id)).length, 5000);
    await wire.disconnect();
  });

  await t.test('a burst of messages that are dealt with at once is read packet by packet', async () => {
    const { wire } = await enrolled(server, rest, 'hasty');
    const topic = 'devices/hasty/heartbeat';
    const beat = { capability_type: 'status', control_type: 'heartbeat', value: 'alive' };
    const packets = Array.from({ length: 4000 }, (_, i) =>
      generate({
        cmd: 'publish',
        topic,
        payload: i % 2 === 0 ? JSON.stringify(beat) : 'x'.repeat(i % 500),
        qos: 0,
        retain: false,
        dup: false,
      }),
    );
    wire.sendRaw(Buffer.concat(packets));
    await wire.ping();
    await wire.disconnect();
  });

  await t.test('a WebSocket without the subprotocol, or with text frames, is refused', async () => {
    const url = `ws://127.0.0.1:${server.ports.http}/mqtt`;
    const { WebSocket } = await import('ws');
    const bare = new WebSocket(url);
    await new Promise<void>((resolve, reject) => {
      bare.on('error', () => resolve());
      bare.on('open', () => reject(new Error('it was accepted')));
    });
    const text = new WebSocket(url, 'mqtt');
    const code = await new Promise<number>((resolve) => {
      text.on('open', () => text.send('hello'));
      text.on('error', () => {});
      text.on('close', resolve);
    });
    assert.equal(code, 1003);
  });

  await t.test('the process lives, and nothing unexpected was logged', () => {
    assert.ok(server.alive);
    assert.deepEqual(
      server.lines.filter(({ level }) => level === 'error' || level === 'fatal'),
      [],
    );
  });
});
