import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { reading } from '../../../test/helpers/devices.ts';
import { Wire } from '../../../test/helpers/wire.ts';
import type { Step } from './step.ts';

const ROUNDS = 8;
/** Both connections may have been accepted for a moment. */
const SETTLED_MS = 1500;

export const takeover: Step = {
  name: 'a client id that connects to another node ends the older session within a second',
  run: async ({ cluster, enrol, device, within }) => {
    const secret = await enrol('taken');
    for (const clean of [true, false]) {
      let older = await device(0, 'taken', secret, clean);
      for (let turn = 1; turn <= 3; turn++) {
        const newer = await device(turn % cluster.nodes.length, 'taken', secret, clean);
        await within('the older session ended', 1000, older.closed);
        await newer.publish('devices/taken/sensor', reading(turn));
        older = newer;
      }
      await older.disconnect();
    }
  },
};

export const sameMoment: Step = {
  name: 'of two CONNECTs with one id at the same moment at two nodes exactly one lives',
  run: async ({ cluster, enrol, note }) => {
    const secret = await enrol('both');
    for (let round = 0; round < ROUNDS; round++) {
      const wires = await Promise.all(
        [round % 3, (round + 1) % 3].map((node) => {
          const { server } = cluster.node(node);
          return Wire.tcp(server.ports.mqtt, server.host);
        }),
      );
      const hello = { clientId: 'both', username: 'both', password: secret, clean: round % 2 === 0 };
      await Promise.all(wires.map((wire) => wire.connect(hello).catch(() => {})));
      await sleep(SETTLED_MS);
      const alive = wires.filter(({ ended }) => !ended);
      assert.equal(alive.length, 1, `round ${round}: ${alive.length} sessions live`);
      await alive[0]?.publish('devices/both/sensor', reading(round));
      const told = await Promise.all(
        cluster.nodes.map(async ({ rest }) => (await rest.device('both')).connected),
      );
      assert.deepEqual(told, [true, true, true], `round ${round}: what the nodes say`);
      await alive[0]?.disconnect();
    }
    note(`${ROUNDS} rounds`);
  },
};
