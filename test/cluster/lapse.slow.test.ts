import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCutProxy } from '../../scripts/cluster/network/cut-proxy.ts';
import { Peer } from '../conformance/peer.ts';
import { brokerOf } from '../helpers/mqtt-nodes.ts';
import { clusterMissing, openCluster } from '../helpers/nodes.ts';
import { until } from '../helpers/wait.ts';

/** Only its lease has lapsed: with Redis it speaks all the while, so that nobody misses anything of it. */
void test('a node that was cut from the database alone is sent messages again', {
  skip: clusterMissing(),
}, async (t) => {
  const cluster = await openCluster(t);
  const { url } = cluster.postgres;
  const proxy = await startCutProxy(Number(new URL(url).port));
  t.after(proxy.stop);
  const through = new URL(url);
  through.port = String(proxy.port);
  const one = await cluster.addNode('one');
  await one.start();
  const two = await cluster.addNode('two', { DATABASE_URL: through.href });
  await two.start();
  await until('one knows two', () => one.lines.some(({ msg }) => msg === 'another node is there'));
  const subscriber = await Peer.connected(brokerOf(two));
  await subscriber.subscribe('heard/#', 1);
  const publisher = await Peer.connected(brokerOf(one));
  await publisher.published('heard/before', '1');
  assert.equal((await subscriber.receive()).topic, 'heard/before');

  proxy.silent(true);
  await until('two counts as dead', () => one.lines.some(({ msg }) => msg.startsWith('a node has ended')));
  await publisher.published('heard/meanwhile', '2');
  assert.equal((await subscriber.receive()).topic, 'heard/meanwhile');
  proxy.silent(false);
  const back = () => one.lines.filter(({ msg }) => msg === 'another node is there').length === 2;
  await until('two is back', back);
  await publisher.published('heard/after', '3');
  assert.equal((await subscriber.receive()).topic, 'heard/after');
});
