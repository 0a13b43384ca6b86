import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPage } from '../docs/page.ts';
import { alerts, dashboard, sourceText } from '../helpers/exposition.ts';

// promtool reads and tries them as docs/metrics.md says: test/docs/commands.slow.test.ts.
void test('each alert says how bad it is and where to read what to do', () => {
  const anchors = readPage('docs/troubleshooting.md').anchors;
  const tested = sourceText('docs/alerts.test.yml');
  assert.ok(alerts().length >= 20);
  for (const { name, expression, severity, runbook } of alerts()) {
    assert.match(name, /^PmIot[A-Z]\w+$/);
    assert.match(severity, /^(critical|warning)$/, name);
    assert.notEqual(expression, '', name);
    const [page, anchor = ''] = runbook.split('#');
    assert.equal(page, 'docs/troubleshooting.md', name);
    assert.ok(anchors.has(anchor), `${name}: ${runbook} leads nowhere`);
    assert.ok(tested.includes(`alertname: ${name}\n`), `${name} is not in docs/alerts.test.yml`);
  }
});

void test('the dashboard can be imported: it asks for its Prometheus, and its panels have places of their own', () => {
  const { __inputs: inputs, schemaVersion, uid, templating, panels } = dashboard();
  assert.deepEqual(
    inputs.map(({ name, type, pluginId }) => [name, type, pluginId]),
    [['DS_PROMETHEUS', 'datasource', 'prometheus']],
  );
  assert.ok(schemaVersion >= 36);
  assert.equal(uid, 'pm-iot');
  assert.deepEqual(
    templating.list.map(({ name }) => name),
    ['job', 'instance'],
  );
  const rows = panels.filter(({ type }) => type === 'row').map(({ title }) => title);
  assert.deepEqual(rows, [
    'Is it well',
    'Flows',
    'MQTT',
    'Database',
    'History and disk',
    'Cluster and Redis',
    'Process',
  ]);
  const taken = new Set<string>();
  for (const { title, type, targets = [], gridPos: at } of panels) {
    assert.ok(at.x + at.w <= 24, title);
    for (let y = at.y; y < at.y + at.h; y++) {
      for (let x = at.x; x < at.x + at.w; x++) {
        assert.ok(!taken.has(`${x} ${y}`), `${title} lies on another one`);
        taken.add(`${x} ${y}`);
      }
    }
    if (type === 'row') continue;
    assert.ok(targets.length > 0, title);
    for (const { expr } of targets) assert.match(expr, /\{job=~"\$job",instance=~"\$instance"/, title);
  }
  const text = sourceText('docs/grafana/pm-iot.json');
  const sources = [...text.matchAll(/"uid": "([^"]+)"/g)].map(([, name]) => name);
  assert.deepEqual([...new Set(sources)].sort(), [`$\{${inputs[0]?.name}}`, 'pm-iot']);
});
