import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Wire } from '../../../test/helpers/wire.ts';
import type { Step } from './step.ts';

/** Of the nodes of the steps. */
export const CONNECTIONS_PER_ADDRESS = 60;
/** What one node counts is known to the others by then. */
const COUNTED_MS = 1500;
const SECRET = 'correct horse battery';

export const logInThrottle: Step = {
  name: 'wrong passwords count together, wherever they are tried',
  run: async ({ cluster }) => {
    const guessed = { username: 'guessed', password: SECRET };
    await cluster.node(0).rest.expect(201, 'POST', '/api/auth/register', guessed);
    const logIn = async (node: number, password: string) => {
      const { rest } = cluster.node(node);
      const { status } = await rest.call('POST', '/api/auth/login', { username: 'guessed', password });
      return status;
    };
    await sleep(COUNTED_MS);
    assert.equal(await logIn(1, SECRET), 200);
    for (let i = 0; i < 10; i++)
      assert.equal(await logIn(i % 3, `a wrong guess, number ${i}`), 401, `guess ${i}`);
    await sleep(COUNTED_MS);
    for (const node of cluster.nodes.keys()) {
      assert.equal(await logIn(node, SECRET), 429, `${cluster.node(node).name} is locked`);
      const { server } = cluster.node(node);
      const wire = await Wire.tcp(server.ports.mqtt, server.host);
      const { returnCode } = await wire.connect({ clientId: 'g', username: 'guessed', password: SECRET });
      assert.equal(returnCode, 3, `${cluster.node(node).name} is locked for MQTT`);
    }
  },
};

export const connectionLimit: Step = {
  name: 'connections of an address count together',
  run: async ({ person, note }) => {
    const wires: Wire[] = [];
    const open = async (node: number) => {
      wires.push(await person(node, { clientId: `many-${wires.length}` }));
    };
    try {
      for (let i = 0; i < CONNECTIONS_PER_ADDRESS - 12; i++) await open(i % 2);
      await sleep(COUNTED_MS);
      let refused = 0;
      for (let i = 0; i < 24; i++) await open(2).catch(() => refused++);
      note(`${wires.length} of ${CONNECTIONS_PER_ADDRESS} allowed were open, ${refused} more were refused`);
      // REST calls of this program have connections of their own.
      assert.ok(refused >= 10, `only ${refused} were refused`);
      assert.ok(wires.length <= CONNECTIONS_PER_ADDRESS + 3, `${wires.length} are open`);
    } finally {
      await Promise.all(wires.map((wire) => wire.disconnect()));
    }
    await sleep(COUNTED_MS);
    await (await person(2, { clientId: 'again' })).disconnect();
  },
};
