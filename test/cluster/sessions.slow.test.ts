import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Broker, Peer, unique } from '../conformance/peer.ts';
import { startMqttNodes } from '../helpers/mqtt-nodes.ts';
import { clusterMissing } from '../helpers/nodes.ts';
import { until } from '../helpers/wait.ts';

const QUEUED = 20;

void test('a session goes with its client from node to node', { skip: clusterMissing() }, async (t) => {
  const env = { MAX_QUEUED: String(QUEUED), MAX_SESSIONS_PER_USER: '5' };
  const { brokers, client, prefix } = await startMqttNodes(t, 2, env);

  const keep = async (broker: Broker, clientId: string) => {
    const peer = await Peer.open(broker);
    const { returnCode, sessionPresent } = await peer.connect({ clientId, clean: false });
    assert.equal(returnCode, 0);
    return { peer, sessionPresent };
  };
  const discard = async (clientId: string) => {
    const peer = await Peer.connected(brokers[0], { clientId, clean: true });
    await peer.disconnect();
  };
  const keysOf = async (clientId: string) =>
    (await client.keys(`${prefix}{*`))
      .map((key) => key.slice(prefix.length))
      .filter((key) => key.includes(clientId));

  /** Messages of its queue. */
  const queuedFor = async (clientId: string) => {
    const key = (await keysOf(clientId)).find((each) => each.endsWith(':q'));
    const fields = key === undefined ? [] : await client.hkeys(key);
    return fields.filter((field) => field.startsWith('m')).length;
  };

  await t.test('what came while its client was away is sent at another node, in order and once', async () => {
    const clientId = unique();
    const first = await keep(brokers[0], clientId);
    assert.equal(first.sessionPresent, false);
    await first.peer.subscribe('away/#', 2);
    await first.peer.disconnect();
    const publishers = [await Peer.connected(brokers[0]), await Peer.connected(brokers[1])] as const;
    for (let i = 0; i < 6; i++) {
      await publishers[i % 2 === 0 ? 0 : 1].published(`away/${i}`, String(i), { qos: i % 3 === 0 ? 1 : 2 });
      // A PUBACK comes before the message has its place, and of two nodes the earlier millisecond goes first.
      await until('it is queued', async () => (await queuedFor(clientId)) === i + 1);
      const queuedAt = Date.now();
      await until('the next one is later', () => Date.now() > queuedAt);
    }
    await publishers[0].published('away/none', 'QoS 0 is not kept', { qos: 0 });
    const again = await keep(brokers[1], clientId);
    assert.equal(again.sessionPresent, true);
    for (let i = 0; i < 6; i++) {
      const message = await again.peer.receive();
      assert.deepEqual(
        [String(message.payload), message.qos, message.dup],
        [String(i), i % 3 === 0 ? 1 : 2, false],
      );
    }
    await again.peer.hearsNothing();
    // It goes on with what it had subscribed to.
    await publishers[0].published('away/live', 'now');
    assert.equal(String((await again.peer.receive()).payload), 'now');
    await again.peer.disconnect();
    const third = await keep(brokers[0], clientId);
    await third.peer.hearsNothing();
    await third.peer.disconnect();
    await discard(clientId);
  });

  await t.test(
    'what was under way goes out again under its id with DUP, and a PUBREL as it was',
    async () => {
      const clientId = unique();
      const { peer } = await keep(brokers[0], clientId);
      await peer.subscribe('flight/#', 2);
      const publisher = await Peer.connected(brokers[1]);
      for (const [topic, qos] of [
        ['flight/1', 1],
        ['flight/2', 2],
        ['flight/3', 2],
      ] as const) {
        await publisher.published(topic, topic, { qos });
      }
      const packets = await peer.takeMany(3);
      const released = packets[2]?.messageId ?? 0;
      peer.send({ cmd: 'pubrec', messageId: released });
      await peer.take('pubrel');
      await peer.drop();
      const again = await keep(brokers[1], clientId);
      // The PUBREL may overtake nothing, and goes out without being asked for.
      for (const before of packets.slice(0, 2)) {
        const after = await again.peer.take('publish');
        assert.deepEqual(
          [after.topic, after.messageId, after.dup, after.qos],
          [before.topic, before.messageId, true, before.qos],
        );
      }
      assert.equal((await again.peer.take('pubrel')).messageId, released);
      again.peer.send({ cmd: 'pubcomp', messageId: released });
      for (const packet of packets.slice(0, 2)) await again.peer.confirm(packet);
      // A new message gets an id that is free.
      await publisher.published('flight/4', 'new');
      assert.ok(!packets.map(({ messageId }) => messageId).includes((await again.peer.receive()).messageId));
      await again.peer.disconnect();
      await publisher.disconnect();
      assert.deepEqual((await keep(brokers[0], clientId)).sessionPresent, true);
      await discard(clientId);
    },
  );

  await t.test('a QoS 2 message that is sent again at another node is not published twice', async () => {
    const clientId = unique();
    const subscriber = await Peer.connected(brokers[0]);
    await subscriber.subscribe('twice', 2);
    const { peer } = await keep(brokers[0], clientId);
    peer.publish('twice', 'once', { qos: 2, messageId: 9 });
    await peer.take('pubrec');
    await peer.drop();
    const again = await keep(brokers[1], clientId);
    again.peer.publish('twice', 'once', { qos: 2, messageId: 9, dup: true });
    await again.peer.take('pubrec');
    again.peer.send({ cmd: 'pubrel', messageId: 9 });
    await again.peer.take('pubcomp');
    await subscriber.receive();
    await subscriber.hearsNothing();
    await again.peer.disconnect();
    await discard(clientId);
  });

  await t.test('the client of a session that is still connected elsewhere takes it over', async () => {
    const clientId = unique();
    const old = await keep(brokers[0], clientId);
    await old.peer.subscribe('over/#', 1);
    const publisher = await Peer.connected(brokers[0]);
    await publisher.published('over/1', 'not confirmed');
    await old.peer.take('publish');
    const taken = await keep(brokers[1], clientId);
    assert.equal(taken.sessionPresent, true);
    await old.peer.ended;
    assert.equal(String((await taken.peer.receive()).payload), 'not confirmed');
    await publisher.published('over/2', 'from the old node');
    assert.equal(String((await taken.peer.receive()).payload), 'from the old node');
    await taken.peer.hearsNothing();
    await taken.peer.disconnect();
    assert.equal((await keep(brokers[0], clientId)).sessionPresent, true);
    await discard(clientId);
  });

  await t.test('a queue is bounded, whichever node adds to it', async () => {
    const clientId = unique();
    const { peer } = await keep(brokers[0], clientId);
    await peer.subscribe('bound/#', 1);
    await peer.disconnect();
    const publishers = [await Peer.connected(brokers[0]), await Peer.connected(brokers[1])] as const;
    for (let i = 0; i < 2 * QUEUED; i++)
      await publishers[i % 2 === 0 ? 0 : 1].published('bound/x', String(i));
    const again = await keep(brokers[1], clientId);
    await again.peer.takeMany(QUEUED);
    await again.peer.hearsNothing();
    await again.peer.disconnect();
    await discard(clientId);
  });

  await t.test(
    'nothing is left of a session that was discarded, and all of one that is kept expires',
    async () => {
      const clientId = unique();
      const { peer } = await keep(brokers[0], clientId);
      await peer.subscribe('left/#', 2);
      peer.publish('left/own', 'own', { qos: 2, messageId: 3 });
      await peer.take('pubrec');
      await peer.drop();
      const publisher = await Peer.connected(brokers[1]);
      for (let i = 0; i < 5; i++) await publisher.published(`left/${i}`, 'x');
      await until('its three keys are there', async () => (await keysOf(clientId)).length === 3);
      for (const key of await keysOf(clientId)) {
        const left = await client.ttl(key);
        assert.ok(left > 6 * 86_400 && left <= 7 * 86_400, `${key}: ${left}`);
      }
      await discard(clientId);
      await until('they are gone', async () => (await keysOf(clientId)).length === 0);
      assert.deepEqual(await client.smembers('people'), []);
      await publisher.published('left/later', 'x');
      assert.deepEqual(await keysOf(clientId), []);
    },
  );

  await t.test('a session that has expired is a new one', async () => {
    const clientId = unique();
    const { peer } = await keep(brokers[0], clientId);
    await peer.subscribe('expired/#', 1);
    await peer.disconnect();
    await until('its client has left', async () => {
      const [key = ''] = await keysOf(clientId);
      return (await client.hget(key, '\0at')) === null;
    });
    await client.del(await keysOf(clientId));
    const publisher = await Peer.connected(brokers[1]);
    await publisher.published('expired/x', 'for nobody');
    assert.deepEqual(await keysOf(clientId), []);
    const again = await keep(brokers[0], clientId);
    assert.equal(again.sessionPresent, false);
    await again.peer.hearsNothing();
    await again.peer.disconnect();
    await discard(clientId);
  });

  await t.test(
    'of too many sessions of a person the oldest that is nowhere connected gives way',
    async () => {
      const ids = Array.from({ length: 5 }, unique);
      const connected = await keep(brokers[1], ids[0] ?? '');
      for (const id of ids.slice(1)) await (await keep(brokers[0], id)).peer.disconnect();
      const last = await keep(brokers[0], unique());
      await last.peer.disconnect();
      await connected.peer.ping();
      assert.equal((await keep(brokers[1], ids[1] ?? '')).sessionPresent, false);
    },
  );
});
