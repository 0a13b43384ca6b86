import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Peer } from '../conformance/peer.ts';
import { connected, enrolled, reading } from '../helpers/devices.ts';
import { startMqttNodes } from '../helpers/mqtt-nodes.ts';
import { clusterMissing } from '../helpers/nodes.ts';
import { Rest } from '../helpers/rest.ts';
import { until } from '../helpers/wait.ts';
import { Wire } from '../helpers/wire.ts';

const READINGS = 150;

void test('what devices send', { skip: clusterMissing() }, async (t) => {
  const { nodes, brokers, client, prefix } = await startMqttNodes(t);
  const [first, second] = nodes;
  const rests = await Promise.all(nodes.map((node) => new Rest(node).logIn()));
  const [rest] = rests;
  assert.ok(rest);
  const { wire, secret } = await enrolled(first, rest, 'lamp');
  const topic = 'devices/lamp/sensor';
  const { body: device } = await rest.call<{
    widgets: { widget_id: number; capability: { capability_type: string } }[];
  }>('GET', '/api/devices/lamp');
  const widget = device.widgets.find(
    ({ capability }) => capability.capability_type === 'temperature',
  )?.widget_id;
  const stored = async () => {
    const { body } = await rest.call<{ readings: { value: unknown }[] }>(
      'GET',
      `/api/widgets/${widget}/readings?limit=200`,
    );
    return body.readings.map(({ value }) => value);
  };

  /** All that Redis was asked, but for what is told between nodes. */
  const commands = async () => {
    const calls = (await client.info('commandstats')).matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm);
    return [...calls].reduce((sum, [, name, count]) => sum + (name === 'publish' ? 0 : Number(count)), 0);
  };
  const published = async () =>
    Number(/cmdstat_publish:calls=(\d+)/.exec(await client.info('commandstats'))?.[1] ?? 0);

  await t.test('costs no command of Redis while nobody has subscribed', async () => {
    const [before, publishedBefore] = [await commands(), await published()];
    const began = performance.now();
    for (let i = 0; i < READINGS; i++) await wire.publish(topic, reading(i));
    const seconds = (performance.now() - began) / 1000;
    // Nodes look now and then whether it is there, and for wills of the dead.
    assert.ok((await commands()) - before <= 20);
    // Both tell every second that they are there.
    assert.ok((await published()) - publishedBefore <= 4 * (seconds + 2), 'nothing is told to other nodes');
  });

  await t.test('reaches whoever has subscribed at another node, and waits for whoever is away', async () => {
    const live = await Peer.connected(brokers[1]);
    await live.subscribe('devices/+/sensor', 1);
    const keeping = { clientId: 'keeping', clean: false };
    const away = await Peer.connected(brokers[1], keeping);
    await away.subscribe('devices/lamp/#', 1);
    await away.disconnect();
    await wire.publish(topic, reading('told'));
    assert.match(String((await live.receive()).payload), /told/);
    await live.unsubscribe('devices/+/sensor');
    await wire.publish(topic, reading('kept'));
    const again = await Peer.connected(brokers[0], keeping);
    assert.deepEqual(
      [await again.receive(), await again.receive()].map(
        ({ payload }) => (JSON.parse(String(payload)) as { value: string }).value,
      ),
      ['told', 'kept'],
    );
    await again.disconnect();
    await (await Peer.connected(brokers[0], { ...keeping, clean: true })).disconnect();
    await live.disconnect();
  });

  await t.test('a session of a device goes with it, and is forgotten with it', async () => {
    await wire.disconnect();
    const errors = 'devices/lamp/errors';
    const one = await connected(first, 'lamp', secret, false);
    await one.subscribe(errors);
    await one.drop();
    const two = await connected(second, 'lamp', secret, false);
    await two.publish(topic, 'no JSON');
    await two.messageOn(errors);
    await two.drop();
    assert.equal((await client.keys(`${prefix}{lamp}*`)).length, 1);
  });

  await t.test('the will of a device is a message of it: stored, once, by a node that lives', async () => {
    const dying = await Wire.tcp(second.ports.mqtt);
    const will = { topic, payload: JSON.stringify(reading('last words')), qos: 1 as const };
    await dying.connect({ clientId: 'lamp', username: 'lamp', password: secret, will });
    await until('it is kept', async () => (await client.hlen('wills')) === 1);
    await second.stop('SIGKILL');
    await until('it is stored', async () => (await stored()).includes('last words'));
    assert.equal((await stored()).filter((value) => value === 'last words').length, 1);
    assert.equal(await client.hlen('wills'), 0);
  });

  await t.test('nothing is left in Redis of a device that was removed', async () => {
    const { status } = await rest.call('DELETE', '/api/devices/lamp');
    assert.ok(status < 300);
    await until('its keys are gone', async () => (await client.keys(`${prefix}{lamp}*`)).length === 0);
  });
});
