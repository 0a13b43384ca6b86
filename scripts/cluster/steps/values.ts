import assert from 'node:assert/strict';
import { reading } from '../../../test/helpers/devices.ts';
import type { WidgetBody } from '../../../test/helpers/rest.ts';
import { until } from '../../../test/helpers/wait.ts';
import type { Step } from './step.ts';

export const values: Step = {
  name: 'a value that one node stored is seen by a poll at another, and the same content has the same ETag everywhere',
  run: async ({ cluster, enrol, device, within }) => {
    const secret = await enrol('valued');
    const { rest } = cluster.node(2);
    const { id } = await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name: 'Values' });
    await cluster.node(1).rest.expect(200, 'POST', '/api/devices/valued/pair', { room_id: id });
    const path = `/api/rooms/${id}/widgets?status=all`;
    const wire = await device(0, 'valued', secret);
    const valueAt = async (node: number) => {
      const { body } = await cluster.node(node).rest.get<{ widgets: WidgetBody[] }>(path);
      return body.widgets.find(({ capability }) => capability.capability_type === 'temperature')?.value;
    };
    for (let value = 1; value <= 12; value++) {
      await wire.publish('devices/valued/sensor', reading(value));
      for (const [node, { name }] of cluster.nodes.entries()) {
        const seen = until(`${name} shows ${value}`, async () => (await valueAt(node)) === value);
        await within(`${value} at ${name}`, 1000, seen);
      }
    }
    await wire.disconnect();
    await until('all nodes answer alike', async () => {
      const tags = await Promise.all(
        cluster.nodes.map(async (node) => (await node.rest.get(path)).headers.get('ETag')),
      );
      return tags.every((tag) => tag === tags[0]);
    });
    const etag = (await cluster.node(0).rest.get(path)).headers.get('ETag') ?? '';
    for (const { name, rest: other } of cluster.nodes) {
      const { status } = await other.get(path, { 'If-None-Match': etag });
      assert.equal(status, 304, `${name} knows the ETag of another`);
    }
  },
};

export const rooms: Step = {
  name: 'rooms, pairing, order and names hold everywhere once they are answered',
  run: async ({ cluster, enrol }) => {
    await enrol('moved', 1);
    for (const [i, { rest, name }] of cluster.nodes.entries()) {
      const other = cluster.node((i + 1) % cluster.nodes.length);
      const third = cluster.node((i + 2) % cluster.nodes.length);
      const { id } = await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', {
        name: `Made at ${name}`,
      });
      await other.rest.expect(200, 'POST', '/api/devices/moved/pair', { room_id: id });
      assert.equal((await third.rest.device('moved')).room_id, id);
      await rest.expect(200, 'PUT', '/api/devices/moved', { device_name: `Named at ${name}` });
      assert.equal((await other.rest.device('moved')).device_name, `Named at ${name}`);
      const { widgets } = await other.rest.device('moved');
      const widget_orders = widgets.map(({ widget_id }, order) => ({ widget_id, order, status: 'include' }));
      await third.rest.expect(200, 'POST', `/api/rooms/${id}/widgets/order`, { widget_orders });
      const shown = await rest.expect<{ widgets: WidgetBody[] }>(200, 'GET', `/api/rooms/${id}/widgets`);
      assert.equal(shown.widgets.length, widgets.length);
      await other.rest.expect(204, 'DELETE', `/api/rooms/${id}`);
      assert.equal((await third.rest.device('moved')).room_id, null);
    }
    await cluster.node(1).rest.expect(204, 'DELETE', '/api/devices/moved');
    for (const { rest } of cluster.nodes) await rest.expect(404, 'GET', '/api/devices/moved');
  },
};
