import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LOAD_ENV } from '../../scripts/cluster/audit.ts';
import { openTestCluster } from '../../scripts/cluster/cluster.ts';
import { describe } from '../../scripts/cluster/report.ts';
import { runUnderLoad } from '../../scripts/cluster/under-load.ts';
import { postgresMissing } from '../helpers/postgres.ts';
import { redisMissing } from '../helpers/redis.ts';

void test('three nodes under load, and all that can fail', {
  skip: postgresMissing() || redisMissing(),
}, async (t) => {
  const cluster = await openTestCluster({ nodes: 3, env: LOAD_ENV });
  t.after(cluster.stop);
  t.diagnostic(cluster.network.description);
  const short = { devices: 60, rate: 1, holdMs: 6000, calmMs: 1000, only: [], slack: 3 };
  const result = await runUnderLoad(cluster, { ...short, say: (text) => t.diagnostic(text) });
  for (const line of describe(result).split('\n')) t.diagnostic(line);
  assert.ok(result.readings.acknowledged > 0);
  assert.deepEqual(result.faults, []);
});
