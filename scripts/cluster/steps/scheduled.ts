import assert from 'node:assert/strict';
import { until } from '../../../test/helpers/wait.ts';
import type { TestCluster } from '../cluster.ts';
import type { Step } from './step.ts';

interface System {
  nodes: { name: string; leader: boolean; status: string }[];
}

/** Names of nodes that lead, as each node that runs tells it. */
const leadersTold = (cluster: TestCluster) =>
  Promise.all(
    cluster.nodes
      .filter(({ server }) => server.alive)
      .map(async ({ rest }) => {
        const { nodes } = await rest.expect<System>(200, 'GET', '/api/system');
        return nodes.filter(({ leader, status }) => leader && status !== 'down').map(({ name }) => name);
      }),
  );

export const scheduledWork: Step = {
  name: 'scheduled work is done by one node at a time, and moves when that node dies',
  run: async ({ cluster, within, note }) => {
    const agreed = (but?: string) =>
      until(
        'all nodes name one leader',
        async () => {
          const told = await leadersTold(cluster);
          const [name] = told[0] ?? [];
          const alike = told.every((names) => names.length === 1 && names[0] === name);
          return alike && name !== but ? name : null;
        },
        undefined,
        60_000,
      );
    const first = await within('one leads', 10_000, agreed());
    const node = cluster.nodes.find(({ name }) => name === first);
    assert.ok(node);
    await cluster.kill(node);
    const second = await within('another one leads', 15_000, agreed(first));
    note(`${first}, then ${second}`);
    await node.server.start();
    assert.equal(await agreed(), second, 'it stays there when the first is back');
  },
};
