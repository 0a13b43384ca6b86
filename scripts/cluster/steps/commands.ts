import assert from 'node:assert/strict';
import type { CommandBody } from '../../../test/helpers/rest.ts';
import type { Wire } from '../../../test/helpers/wire.ts';
import type { Step } from './step.ts';

/** It does as it is told. */
export async function obeying(wire: Wire, id: string): Promise<void> {
  wire.onMessage = ({ topic, payload }) => {
    if (!topic.endsWith('/command/request')) return;
    const { reply_topic, value } = JSON.parse(payload) as { reply_topic: string; value: unknown };
    wire.publish(reply_topic, { status: 'success', value }).catch(() => {});
  };
  await wire.subscribe(`devices/${id}/command/request`);
}

export const commands: Step = {
  name: 'a command to any node reaches the device on any other, and its answer ends the waiting of whoever asked',
  run: async ({ cluster, enrol, device, within }) => {
    const secret = await enrol('obedient');
    for (const [on, { name: where }] of cluster.nodes.entries()) {
      const wire = await device(on, 'obedient', secret);
      await obeying(wire, 'obedient');
      for (const [asked, { name, rest }] of cluster.nodes.entries()) {
        const { widget_id } = await rest.widget('obedient', 'power');
        const path = `/api/widgets/${widget_id}/command`;
        const value = (on + asked) % 2 === 0 ? 'ON' : 'OFF';
        const { command } = await within(
          `asked at ${name}, device on ${where}`,
          500,
          rest.expect<{ command: CommandBody }>(200, 'POST', path, { value }),
        );
        assert.equal(command.status, 'executed');
        const third = cluster.node((asked + 1) % cluster.nodes.length);
        const told = await third.rest.expect<{ command: CommandBody }>(
          200,
          'GET',
          `/api/commands/${command.id}`,
        );
        assert.equal(told.command.status, 'executed', `${third.name} says so, too`);
      }
      await wire.disconnect();
    }
  },
};

export const queuedCommand: Step = {
  name: 'a command for a device that is away waits, and is handed over at whichever node it comes to',
  run: async ({ cluster, enrol, device, within }) => {
    const secret = await enrol('later');
    const { rest } = cluster.node(0);
    const { widget_id } = await rest.widget('later', 'power');
    for (const on of cluster.nodes.keys()) {
      const path = `/api/widgets/${widget_id}/command?wait=0`;
      const { command } = await rest.expect<{ command: CommandBody }>(202, 'POST', path, { value: 'ON' });
      assert.equal(command.status, 'queued');
      const wire = await device(on, 'later', secret);
      await obeying(wire, 'later');
      const ended = async () => {
        for (;;) {
          const told = await rest.expect<{ command: CommandBody }>(200, 'GET', `/api/commands/${command.id}`);
          if (told.command.status === 'executed') return;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      };
      await within(`handed over at ${cluster.node(on).name}`, 1500, ended());
      await wire.disconnect();
    }
  },
};
