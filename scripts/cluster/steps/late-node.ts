import assert from 'node:assert/strict';
import { reading } from '../../../test/helpers/devices.ts';
import { Rest } from '../../../test/helpers/rest.ts';
import { ADMIN } from '../../../test/helpers/server.ts';
import { until } from '../../../test/helpers/wait.ts';
import { obeying } from './commands.ts';
import type { Step } from './step.ts';

export const lateNode: Step = {
  name: 'a node that starts late knows all: rooms, devices, values, who is connected, what is retained and queued',
  run: async ({ cluster, enrol, device, person, within }) => {
    const { rest } = cluster.node(0);
    const secret = await enrol('early');
    const { id } = await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name: 'Early' });
    await rest.expect(200, 'POST', '/api/devices/early/pair', { room_id: id });
    const wire = await device(1, 'early', secret);
    await obeying(wire, 'early');
    await wire.publish('devices/early/sensor', reading(41));
    const publisher = await person(0, { clientId: 'early-publisher' });
    const sleeper = await person(1, { clientId: 'sleeper', clean: false });
    await sleeper.subscribe('asleep/#');
    await sleeper.disconnect();
    await publisher.publish('asleep/a', 'while you slept');
    await publisher.publish('standing/a', 'still here', { retain: true });

    const late = await cluster.addNode();
    const index = cluster.nodes.indexOf(late);
    const there = await late.rest.device('early');
    assert.deepEqual([there.connected, there.room_id], [true, id]);
    assert.equal((await late.rest.widget('early', 'temperature')).value, 41);
    await wire.publish('devices/early/sensor', reading(42));
    const seen = until(
      'it shows the next value',
      async () => (await late.rest.widget('early', 'temperature')).value === 42,
    );
    await within('the next value', 1000, seen);
    const { widget_id } = await late.rest.widget('early', 'power');
    const command = late.rest.expect(200, 'POST', `/api/widgets/${widget_id}/command`, { value: 'ON' });
    await within('a command from it', 500, command);
    await new Rest(late.server).logIn(ADMIN);

    const awake = await person(index, { clientId: 'sleeper', clean: false });
    assert.equal((await awake.messageOn('asleep/a')).payload, 'while you slept');
    await awake.subscribe('standing/#');
    assert.equal((await awake.messageOn('standing/a')).payload, 'still here');
    await publisher.publish('asleep/b', 'awake');
    await awake.messageOn('asleep/b');
    await awake.disconnect();
    await publisher.publish('standing/a', '', { retain: true });
    await (await person(index, { clientId: 'sleeper', clean: true })).disconnect();
    const moved = await device(index, 'early', secret);
    await within('it takes over a session', 1000, wire.closed);
    await Promise.all([moved.disconnect(), publisher.disconnect()]);
    assert.equal(await late.server.stop(), 0);
  },
};
