import { test } from 'node:test';
import { openTestCluster } from '../../scripts/cluster/cluster.ts';
import { STEPS, STEPS_ENV } from '../../scripts/cluster/steps/index.ts';
import { createStage } from '../../scripts/cluster/steps/step.ts';
import { postgresMissing } from '../helpers/postgres.ts';
import { redisMissing } from '../helpers/redis.ts';

/** Other tests run at the same time: what takes a second by itself may take some. `npm run cluster-test` is strict. */
const SLACK = 5;

void test('between three nodes', { skip: postgresMissing() || redisMissing() }, async (t) => {
  const cluster = await openTestCluster({ nodes: 3, env: STEPS_ENV });
  t.after(cluster.stop);
  t.diagnostic(cluster.network.description);
  const stage = createStage({ cluster, slack: SLACK, note: (text) => t.diagnostic(text) });
  for (const { name, run } of STEPS) await t.test(name, () => run(stage));
});
