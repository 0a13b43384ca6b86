import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AggregatorRegistry, Histogram, Registry } from 'prom-client';
import { FLOW_REASONS } from '../../db/domain/flow-reasons.ts';
import { FLOWS } from '../../db/domain/ports.ts';
import { createFlowMeter } from '../../db/flow-meter.ts';
import { measureFlows } from '../../db/metrics/flows.ts';
import { createHistogram, createHistograms } from '../../db/metrics/tally.ts';
import { randomOf } from '../helpers/random.ts';

const BUCKETS = [0.001, 0.01, 0.1, 1];
const OF = { name: 'pm_iot_x_seconds', help: 'x', buckets: BUCKETS };

void test('a histogram of plain numbers tells what one of prom-client tells', async () => {
  const [ours, theirs] = [new Registry(), new Registry()];
  const tallies = createHistograms({ ...OF, registry: ours, label: 'flow', values: ['a', 'b'] });
  const histogram = new Histogram({ ...OF, labelNames: ['flow'], registers: [theirs] });
  const alone = createHistogram({ ...OF, name: 'pm_iot_y_seconds', registry: ours });
  const aloneToo = new Histogram({ ...OF, name: 'pm_iot_y_seconds', registers: [theirs] });
  for (const flow of ['a', 'b']) histogram.zero({ flow });
  const random = randomOf(1);
  const values = [...BUCKETS, 0, ...Array.from({ length: 500 }, () => 10 ** (random.next() * 6 - 4))];
  for (const value of values) {
    const flow = random.next() < 0.5 ? 'a' : 'b';
    tallies[flow].observe(value);
    histogram.observe({ flow }, value);
    alone.observe(value);
    aloneToo.observe(value);
  }
  const samples = async (registry: Registry) =>
    (await registry.metrics())
      .split('\n')
      .map((line) => line.replace(/\{(le="[^"]+"),(flow="\w")\}/, '{$2,$1}'))
      .sort();
  assert.deepEqual(await samples(ours), await samples(theirs));
  // Of workers, too.
  const twice = async (registry: Registry) =>
    samples(
      AggregatorRegistry.aggregate([await registry.getMetricsAsJSON(), await registry.getMetricsAsJSON()]),
    );
  assert.deepEqual(await twice(ours), await twice(theirs));
});

void test('what a flow was not to be refused for is counted as internal: no reason makes a series of its own', async () => {
  const registry = new Registry();
  const flows = measureFlows(createFlowMeter(Date.now), registry);
  const series = async () => (await registry.metrics()).match(/^pm_iot_\w+/gm)?.length;
  const before = await series();
  flows.record('heartbeat', 1, true, 'bad_json');
  flows.record('heartbeat', 1, false);
  flows.record('heartbeat', 1, true, 'disk_full');
  flows.record('heartbeat', -5, true);
  const text = await registry.metrics();
  assert.match(text, /errors_total\{flow="heartbeat",reason="bad_json",fault="client"\} 1$/m);
  assert.match(text, /errors_total\{flow="heartbeat",reason="internal",fault="server"\} 2$/m);
  assert.match(text, /duration_seconds_count\{flow="heartbeat"\} 4$/m);
  assert.match(text, /duration_seconds_sum\{flow="heartbeat"\} 0\.003$/m);
  assert.equal(await series(), before);
  assert.equal(
    text.match(/^pm_iot_flow_errors_total/gm)?.length,
    FLOWS.reduce((sum, flow) => sum + FLOW_REASONS[flow].length, 0),
  );
});
