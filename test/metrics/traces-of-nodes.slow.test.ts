import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lamp } from '../helpers/lamp.ts';
import { clusterMissing, openCluster } from '../helpers/nodes.ts';
import { type CommandBody, Rest } from '../helpers/rest.ts';
import type { Server } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';

const TRACE = 'c'.repeat(32);
const texts = ({ lines }: Server) => lines.filter(({ trace_id }) => trace_id === TRACE).map(({ msg }) => msg);

void test('one id leads from a request at one node to a device at another', {
  skip: clusterMissing(),
}, async (t) => {
  const cluster = await openCluster(t);
  const asked = await cluster.addNode('asked', { LOG_LEVEL: 'debug' });
  await asked.start();
  const holder = await cluster.addNode('holder', { LOG_LEVEL: 'debug' });
  await holder.start();
  const rest = await new Rest(asked).logIn();
  const lamp = await Lamp.enrol(holder, await new Rest(holder).logIn(), 'lamp');
  const { widget_id: widget } = await lamp.widget('power');
  await until('the other node knows it', async () => (await rest.device('lamp')).connected);
  const { body } = await rest.call<{ command: CommandBody }>(
    'POST',
    `/api/widgets/${widget}/command`,
    { value: 'ON' },
    { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` },
  );
  assert.equal(body.command.status, 'executed');
  await until('the request is told', () => texts(asked).includes('request'));
  assert.deepEqual(texts(asked).sort(), ['command under way', 'request']);
  for (const msg of ['command published', 'command answered by its device', 'command ended'])
    assert.ok(texts(holder).includes(msg), msg);
});
