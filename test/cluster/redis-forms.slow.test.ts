import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Peer, unique } from '../conformance/peer.ts';
import { type MqttNodes, startMqttNodes } from '../helpers/mqtt-nodes.ts';
import { clusterMissing } from '../helpers/nodes.ts';
import { startRedisCluster, startSentinel } from '../helpers/redis-forms.ts';
import { until } from '../helpers/wait.ts';

/** Live, retained and queued messages, from one node to the other. */
async function works({ brokers }: MqttNodes): Promise<void> {
  const [clientId, topic] = [unique(), `forms/${unique()}`];
  const publisher = await Peer.connected(brokers[0]);
  const hello = { clientId, clean: false };
  const live = await Peer.connected(brokers[1], hello);
  await live.subscribe(`${topic}/#`, 2);
  await publisher.published(`${topic}/live`, 'live', { qos: 2 });
  await live.confirm(await live.take('publish'));
  await live.disconnect();
  for (let i = 0; i < 5; i++) await publisher.published(`${topic}/${i}`, String(i));
  await publisher.published(`${topic}/kept`, 'kept', { retain: true });
  const again = await Peer.connected(brokers[1], hello);
  for (const payload of ['0', '1', '2', '3', '4', 'kept']) {
    assert.equal(String((await again.receive()).payload), payload);
  }
  await again.disconnect();
  const reader = await Peer.connected(brokers[1], { clientId });
  await reader.subscribe(`${topic}/+`, 0);
  assert.equal(String((await reader.receive()).payload), 'kept');
  await reader.disconnect();
  await publisher.disconnect();
}

void test('Redis Cluster', { skip: clusterMissing() }, async (t) => {
  const { url, masters } = await startRedisCluster(t);
  const nodes = await startMqttNodes(t, 2, { REDIS_URL: url });
  for (let i = 0; i < 5; i++) await works(nodes);
  const keys = await Promise.all(masters.map((master) => master.keys(`${nodes.prefix}*`)));
  assert.deepEqual(
    keys.flat().filter((key) => key.startsWith(`${nodes.prefix}{`)),
    [],
    'nothing is left of the sessions',
  );
  assert.ok(keys.flat().includes(`${nodes.prefix}retained`));
});

void test('Redis with a sentinel, before and after a fail-over', { skip: clusterMissing() }, async (t) => {
  const { url, master, replica } = await startSentinel(t);
  const nodes = await startMqttNodes(t, 2, { REDIS_URL: url });
  await works(nodes);
  const hello = { clientId: unique(), clean: false };
  const before = await Peer.connected(nodes.brokers[0], hello);
  await before.subscribe('failed-over', 1);
  await before.disconnect();
  await until('the replica has it', async () => (await replica.keys(`*${hello.clientId}*`)).length > 0);
  master.kill('SIGKILL');
  await until('the replica leads', async () => /role:master/.test(await replica.info('replication')));
  const back = await until('sessions can be read', async () => {
    const peer = await Peer.open(nodes.brokers[1]);
    const { returnCode, sessionPresent } = await peer.connect(hello);
    if (returnCode === 0) return { peer, sessionPresent };
    await peer.drop();
    return null;
  });
  assert.equal(back.sessionPresent, true);
  await back.peer.disconnect();
  await until('messages go from node to node', () =>
    works(nodes).then(
      () => true,
      () => false,
    ),
  );
});
