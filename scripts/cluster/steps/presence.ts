import { until } from '../../../test/helpers/wait.ts';
import type { Wire } from '../../../test/helpers/wire.ts';
import type { Stage, Step } from './step.ts';

/** All nodes that run say the same of a device. */
export const allSay = ({ cluster }: Stage, id: string, connected: boolean) =>
  until(
    `all nodes call ${id} ${connected ? 'connected' : 'away'}`,
    async () => {
      const told = await Promise.all(
        cluster.nodes
          .filter(({ server }) => server.alive)
          .map(
            async ({ rest }) =>
              (await rest.get<{ connected?: boolean }>(`/api/devices/${id}`)).body.connected,
          ),
      );
      return told.every((one) => one === connected);
    },
    undefined,
    60_000,
  );

export const presence: Step = {
  name: 'presence is the same at all nodes',
  run: async (stage) => {
    const { cluster, enrol, device, within } = stage;
    const secret = await enrol('seen');
    for (const on of cluster.nodes.keys()) {
      const wire = await device(on, 'seen', secret);
      await within('connected at all', 1000, allSay(stage, 'seen', true));
      await wire.drop();
      await within('away at all', 1000, allSay(stage, 'seen', false));
    }
  },
};

export const presenceOfTheDead: Step = {
  name: 'kill -9 of a node: its devices are offline within 10 s, and who went to another node is online',
  run: async (stage) => {
    const { cluster, enrol, device, within } = stage;
    const dying = 1;
    const secrets = [await enrol('stays-away'), await enrol('comes-back')] as const;
    const wires: Wire[] = [
      await device(dying, 'stays-away', secrets[0]),
      await device(dying, 'comes-back', secrets[1]),
    ];
    await Promise.all(['stays-away', 'comes-back'].map((id) => allSay(stage, id, true)));
    const killed = performance.now();
    await cluster.kill(cluster.node(dying));
    await Promise.all(wires.map(({ closed }) => closed));
    const back = await device(2, 'comes-back', secrets[1]);
    await within('back at another node', 1000, allSay(stage, 'comes-back', true));
    await within('offline', 10_000 - (performance.now() - killed), allSay(stage, 'stays-away', false));
    // The end of the dead node's lease must not take away who is elsewhere.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await within('still online', 1000, allSay(stage, 'comes-back', true));
    await cluster.node(dying).server.start();
    await within('the node that is back knows', 2000, allSay(stage, 'comes-back', true));
    await within('and that one is away', 2000, allSay(stage, 'stays-away', false));
    await back.disconnect();
  },
};
