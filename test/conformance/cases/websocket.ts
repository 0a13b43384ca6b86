import assert from 'node:assert/strict';
import { once } from 'node:events';
import { generate } from 'mqtt-packet';
import { type RawData, WebSocket } from 'ws';
import { type Case, cases } from '../case.ts';
import { type Broker, unique } from '../peer.ts';

function open(broker: Broker): WebSocket {
  if (broker.webSocketUrl === null) throw new Error('no MQTT over WebSocket');
  return new WebSocket(broker.webSocketUrl, 'mqtt');
}

const hello = ({ login }: Broker) =>
  generate({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clientId: unique(),
    clean: true,
    keepalive: 60,
    ...(login && { username: login.username, password: Buffer.from(login.password) }),
  });

export const webSockets: Case[] = cases([
  [
    'MQTT-6.0.0-1',
    'a text frame ends the connection',
    async (b) => {
      const socket = open(b);
      await once(socket, 'open');
      socket.send('text');
      await once(socket, 'close');
    },
  ],
  [
    'MQTT-6.0.0-1',
    'the server sends binary frames',
    async (b) => {
      const socket = open(b);
      await once(socket, 'open');
      socket.send(hello(b));
      const [data, isBinary] = (await once(socket, 'message')) as [RawData, boolean];
      assert.equal(isBinary, true);
      assert.equal((data as Buffer)[0], 0x20);
      socket.terminate();
    },
  ],
  [
    'MQTT-6.0.0-2',
    'a packet may come in many frames, and many packets in one',
    async (b) => {
      const socket = open(b);
      await once(socket, 'open');
      const answers: Buffer[] = [];
      socket.on('message', (data) => answers.push(data as Buffer));
      const connect = hello(b);
      for (const byte of connect.subarray(0, 20)) socket.send(Buffer.from([byte]));
      const ping = generate({ cmd: 'pingreq' });
      socket.send(Buffer.concat([connect.subarray(20), ping, ping]));
      const expected = Buffer.from([0x20, 2, 0, 0, 0xd0, 0, 0xd0, 0]);
      while (Buffer.concat(answers).length < expected.length) await once(socket, 'message');
      assert.deepEqual(Buffer.concat(answers), expected);
      socket.terminate();
    },
  ],
  [
    'MQTT-6.0.0-4',
    'the server answers with the subprotocol mqtt',
    async (b) => {
      const socket = open(b);
      await once(socket, 'open');
      assert.equal(socket.protocol, 'mqtt');
      socket.terminate();
    },
  ],
]);
