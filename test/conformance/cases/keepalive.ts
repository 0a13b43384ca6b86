import assert from 'node:assert/strict';
import { packet, TYPE } from '../bytes.ts';
import { type Case, cases } from '../case.ts';
import { Peer, unique } from '../peer.ts';

export const keepalive: Case[] = cases([
  [
    'MQTT-3.12.4-1',
    'a PINGREQ is answered',
    async (b) => {
      const peer = await Peer.connected(b);
      for (let i = 0; i < 3; i++) await peer.ping();
    },
  ],
  [
    'MQTT-3.1.2-24',
    'silence ends the connection after one and a half times the keep alive',
    async (b) => {
      const peer = await Peer.connected(b, { keepalive: 1 });
      const since = performance.now();
      await peer.isClosed();
      const waited = performance.now() - since;
      assert.ok(waited > 1000 && waited < 3500, `${waited} ms`);
    },
  ],
  [
    'MQTT-3.1.2-24',
    'whoever says something in time stays',
    async (b) => {
      const peer = await Peer.connected(b, { keepalive: 1 });
      for (let i = 0; i < 4; i++) {
        await new Promise((resolve) => setTimeout(resolve, 700));
        await peer.ping();
      }
    },
  ],
  [
    'MQTT-3.14.4-2',
    'nothing is acted on after a DISCONNECT',
    async (b) => {
      const topic = unique();
      const watcher = await Peer.connected(b);
      await watcher.subscribe(topic);
      const peer = await Peer.connected(b);
      await peer.refused(Buffer.concat([packet(TYPE.disconnect, 0), packet(TYPE.publish, 0, topic, [0x78])]));
      await watcher.hearsNothing();
    },
  ],
]);
