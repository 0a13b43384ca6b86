import { test } from 'node:test';
import { startMqttNodes } from '../helpers/mqtt-nodes.ts';
import { clusterMissing } from '../helpers/nodes.ts';
import { CASES } from './cases.ts';

void test('MQTT 3.1.1, statement by statement, at a node of a cluster', {
  skip: clusterMissing(),
}, async (t) => {
  const {
    brokers: [broker],
  } = await startMqttNodes(t);
  for (const { statement, title, run } of CASES) {
    await t.test(`[${statement}] ${title}`, () => run(broker));
  }
});
