import assert from 'node:assert/strict';
import type { Stage, Step } from './step.ts';

const MANY = 300;

/** Answered once the broker has dealt with all that came before it; more than once for what goes over other nodes. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 500));

export const messages: Step = {
  name: 'a message that is published at one node reaches subscribers at all others, once and in order',
  run: async ({ cluster, person }: Stage) => {
    const subscribers = await Promise.all(
      cluster.nodes.map(async (_, node) => {
        const wire = await person(node, { clientId: `subscriber-${node}` });
        assert.deepEqual(await wire.subscribe('field/+/state', 'other/#'), [1, 1]);
        return wire;
      }),
    );
    for (const [node, { name }] of cluster.nodes.entries()) {
      const publisher = await person(node, { clientId: `publisher-${node}` });
      const topic = `field/${name}/state`;
      const qosOf = (i: number) => (i % 3) as 0 | 1 | 2;
      for (let i = 0; i < MANY; i++) await publisher.publish(topic, String(i), { qos: qosOf(i) });
      for (const subscriber of subscribers) {
        await subscriber.message(
          (message) => message.topic === topic && message.payload === String(MANY - 1),
        );
        await settle();
        const came = subscriber.messages.filter((message) => message.topic === topic);
        const numbers = came.map(({ payload }) => Number(payload));
        assert.equal(numbers.length, MANY, `${new Set(numbers).size} different ones came`);
        // Of one topic and one QoS messages come in the order in which they were sent [MQTT-4.6.0-6].
        for (const qos of [0, 1, 2]) {
          const sent = Array.from({ length: MANY }, (_, i) => i).filter((i) => qosOf(i) === qos);
          assert.deepEqual(
            numbers.filter((i) => qosOf(i) === qos),
            sent,
          );
        }
      }
      await publisher.disconnect();
    }
    await Promise.all(subscribers.map((wire) => wire.disconnect()));
  },
};

export const sessions: Step = {
  name: 'a persistent session is continued at another node, with what was queued for it',
  run: async ({ person }) => {
    const hello = { clientId: 'moving', clean: false };
    const before = await person(0, hello);
    await before.subscribe('queue/#');
    await before.drop();
    const publisher = await person(1, { clientId: 'queueing' });
    for (let i = 0; i < 50; i++) await publisher.publish('queue/a', String(i));
    const after = await person(2, hello);
    await after.message(({ payload }) => payload === '49');
    for (let i = 50; i < 60; i++) await publisher.publish('queue/a', String(i));
    await after.message(({ payload }) => payload === '59');
    await settle();
    const numbers = after.messages.map(({ payload }) => Number(payload));
    assert.deepEqual(
      numbers,
      Array.from({ length: 60 }, (_, i) => i),
    );
    await after.disconnect();
    // And what is discarded at one node is discarded.
    await (await person(1, { clientId: 'moving', clean: true })).disconnect();
    await publisher.publish('queue/a', 'too late');
    const anew = await person(0, hello);
    await anew.ping();
    await settle();
    assert.deepEqual(anew.messages, []);
    await Promise.all([anew.disconnect(), publisher.disconnect()]);
    await (await person(1, { clientId: 'moving', clean: true })).disconnect();
  },
};

export const retained: Step = {
  name: 'a retained message of one node is there at all others, and gone everywhere when it is removed',
  run: async ({ cluster, person }) => {
    const publisher = await person(0, { clientId: 'retaining' });
    const at = async (node: number) => {
      const wire = await person(node, { clientId: `reader-${node}` });
      await wire.subscribe('kept/+');
      await wire.ping();
      await settle();
      await wire.disconnect();
      return wire.messages.map(({ topic, payload, retain }) => [topic, payload, retain]);
    };
    for (const value of ['one', 'two']) {
      await publisher.publish('kept/a', value, { retain: true });
      for (const node of cluster.nodes.keys()) assert.deepEqual(await at(node), [['kept/a', value, true]]);
    }
    await publisher.publish('kept/a', '', { retain: true });
    for (const node of cluster.nodes.keys()) assert.deepEqual(await at(node), []);
    await publisher.disconnect();
  },
};
