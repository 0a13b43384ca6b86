import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beBusy } from '../helpers/busy.ts';
import {
  alerts,
  dashboard,
  familiesOf,
  isOfClusters,
  metricsIn,
  prometheusMissing,
  promtool,
  sourceText,
} from '../helpers/exposition.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';

/** Those of Node and of the process among them. */
const MAX_SERIES = 1000;

interface Row {
  name: string;
  type: string;
  labels: string[];
  help: string;
}

/** As docs/metrics.md has them. */
const rows = (): Row[] =>
  [...sourceText('docs/metrics.md').matchAll(/^\| `(pm_iot_\w+)` +\| (\w+) +\|([^|]*)\|(.*)\|$/gm)].map(
    ([, name = '', type = '', labels = '', help = '']) => ({
      ...{ name, type },
      labels: (labels.match(/\w+/g) ?? []).sort(),
      help: help.trim(),
    }),
  );

void test('what a busy server tells', async (t) => {
  const { server, rest } = await startServer(t);
  const read = () => rest.expect<string>(200, 'GET', '/api/metrics');
  const first = await until('the size of the database is known', async () => {
    const text = await read();
    return text.includes('\npm_iot_database_size_bytes ') && text;
  });
  await beBusy(server, rest, 'canary-0');
  const text = await read();
  const families = familiesOf(text);
  const series = (each: string) => [...familiesOf(each).values()].flatMap((family) => family.series);
  const ours = (each: string) => series(each).filter((name) => name.startsWith('pm_iot_'));

  await t.test('is as many series for many devices, rooms and people as for none', async () => {
    for (let i = 1; i <= 4; i++) await beBusy(server, rest, `canary-${i}`);
    const later = await read();
    assert.deepEqual(ours(later).sort(), ours(first).sort());
    assert.ok(series(later).length < MAX_SERIES, `${series(later).length} series`);
    assert.doesNotMatch(later, /canary|127\.0\.0\.1|::1|\/api\//);
  });

  await t.test('counts what was done', () => {
    const value = (name: string) => {
      const found = text.split('\n').find((line) => line.startsWith(`${name} `));
      return Number(found?.slice(found.lastIndexOf(' ')));
    };
    const atLeast = {
      'pm_iot_flow_duration_seconds_count{flow="sensor_data"}': 5,
      'pm_iot_flow_errors_total{flow="sensor_data",reason="bad_json",fault="client"}': 1,
      'pm_iot_flow_errors_total{flow="commands",reason="rejected",fault="client"}': 1,
      'pm_iot_flow_errors_total{flow="authentication",reason="wrong_credentials",fault="client"}': 2,
      'pm_iot_flow_errors_total{flow="api_requests",reason="forbidden",fault="client"}': 1,
      'pm_iot_mqtt_messages_received_total{kind="sensor",qos="1"}': 6,
      'pm_iot_mqtt_messages_received_total{kind="command_response",qos="1"}': 2,
      'pm_iot_mqtt_messages_sent_total{kind="subscription",qos="1"}': 5,
      'pm_iot_mqtt_messages_sent_total{kind="device",qos="1"}': 3,
      pm_iot_mqtt_stored_sessions: 1,
      pm_iot_commit_group_readings_sum: 5,
      pm_iot_commit_duration_seconds_count: 1,
      pm_iot_database_statement_duration_seconds_count: 20,
      pm_iot_database_size_bytes: 1_000_000,
      'pm_iot_listener_accepted_total{listener="mqtt"}': 4,
      'pm_iot_listener_received_bytes_total{listener="mqtt"}': 500,
      'pm_iot_listener_sent_bytes_total{listener="http"}': 500,
      'pm_iot_queue_limit{queue="readings"}': 1,
    };
    for (const [name, least] of Object.entries(atLeast)) {
      assert.ok(value(name) >= least, `${name}: ${value(name)}, not ${least}`);
    }
    for (const [name, { series: told }] of families) {
      assert.ok(told.length > 0 || !name.startsWith('pm_iot_'), `${name} has no series`);
    }
  });

  await t.test('follows the conventions of Prometheus', { skip: prometheusMissing() }, () => {
    promtool(['check', 'metrics'], text);
  });

  await t.test('is what docs/metrics.md says, row by row', () => {
    const told = [...families]
      .filter(([name]) => name.startsWith('pm_iot_'))
      .map(([name, { type, help, labels }]) => ({ name, type, labels: [...labels].sort(), help }));
    const byName = (a: Row, b: Row) => (a.name < b.name ? -1 : 1);
    const documented = rows().filter(({ name }) => !isOfClusters(name));
    assert.deepEqual(documented.sort(byName), told.sort(byName));
    const ofClusters = rows().filter(({ name }) => isOfClusters(name));
    const source = sourceText('cluster/session-store.ts') + sourceText('server/worker-metrics.ts');
    const inSource = source.match(/(?<=')pm_iot_\w+(?=')/g) ?? [];
    assert.deepEqual(ofClusters.map(({ name }) => name).sort(), inSource.sort());
    for (const { help } of ofClusters) assert.ok(source.includes(`'${help}'`), help);
  });

  await t.test('has all that the dashboard and the alerts ask for', () => {
    const asked = [
      ...dashboard().panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
      ...alerts().map(({ expression }) => expression),
    ];
    assert.ok(asked.length > 80);
    const unknown = asked
      .flatMap(metricsIn)
      .filter(
        (name) => !families.has(name) && !rows().some((row) => row.name === name && isOfClusters(name)),
      );
    assert.deepEqual(unknown, []);
  });
});
