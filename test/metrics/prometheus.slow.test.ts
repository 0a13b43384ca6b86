import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { beBusy, METRICS_TOKEN } from '../helpers/busy.ts';
import { dashboard, isOfClusters, metricsIn, prometheusMissing, sourcePath } from '../helpers/exposition.ts';
import { freePort } from '../helpers/free-port.ts';
import type { Server } from '../helpers/server.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';

interface Answer<T> {
  status: string;
  error?: string;
  data: T;
}
interface Rule {
  name: string;
  query: string;
  health: string;
  lastError?: string;
  state: string;
}

/** As docs/metrics.md has it, over TLS, and oftener. */
const configOf = (server: Server) => `
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [alerts.yml]
scrape_configs:
  - job_name: pm-iot
    scheme: https
    metrics_path: /api/metrics
    authorization: { credentials_file: token }
    tls_config: { ca_file: ca.crt, server_name: localhost }
    static_configs: [{ targets: ['127.0.0.1:${server.ports.https}'] }]
`;

async function startPrometheus(t: TestContext, server: Server) {
  const folder = mkdtempSync(join(tmpdir(), 'pm-iot-prometheus-'));
  const port = await freePort();
  copyFileSync(sourcePath('docs/alerts.yml'), join(folder, 'alerts.yml'));
  writeFileSync(join(folder, 'token'), METRICS_TOKEN);
  writeFileSync(join(folder, 'ca.crt'), server.ca);
  writeFileSync(join(folder, 'prometheus.yml'), configOf(server));
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  t.after(async () => {
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
    rmSync(folder, { recursive: true, force: true });
  });
  const ask = async <T>(path: string): Promise<T> => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
    const { status, error = '', data } = (await response.json()) as Answer<T>;
    assert.equal(status, 'success', `${path}: ${error}`);
    return data;
  };
  const query = async (expression: string) => {
    const { result } = await ask<{ result: unknown[] }>(`query?query=${encodeURIComponent(expression)}`);
    return result.length;
  };
  await until('Prometheus is there', () =>
    ask('status/buildinfo').then(
      () => true,
      () => false,
    ),
  );
  return { ask, query };
}

/** As Grafana fills them in for a range of a quarter of an hour. */
const filledIn = (expression: string) =>
  expression.replaceAll('$__rate_interval', '1m').replaceAll('$job', '.+').replaceAll('$instance', '.+');

/** Nothing is told while all is well. */
const isQuiet = (expression: string) => / > 0$/.test(expression);

void test('a Prometheus reads the server, and has data for each panel and an answer for each alert', {
  skip: prometheusMissing(),
}, async (t) => {
  const { server, rest } = await startServer(t, { METRICS_TOKEN });
  const { ask, query } = await startPrometheus(t, server);
  await until('it has read something', async () => (await query('up{job="pm-iot"} == 1')) === 1);
  for (let i = 0; i < 6; i++) {
    await beBusy(server, rest, `busy-${i}`);
    await sleep(1500);
  }

  for (const { title, targets = [] } of dashboard().panels) {
    for (const { expr } of targets) {
      const expression = filledIn(expr);
      const found = await query(expression);
      const mayBeEmpty = isQuiet(expression) || metricsIn(expression).some(isOfClusters);
      assert.ok(found > 0 || mayBeEmpty, `${title}: nothing for ${expression}`);
    }
  }

  const rulesOf = async () =>
    (await ask<{ groups: { rules: Rule[] }[] }>('rules')).groups.flatMap(({ rules }) => rules);
  await until('each alert was asked', async () =>
    (await rulesOf()).every(({ health }) => health !== 'unknown'),
  );
  const rules = await rulesOf();
  assert.ok(rules.length >= 20);
  for (const { name, health, lastError } of rules) assert.equal(health, 'ok', `${name}: ${lastError}`);
  const raised = rules.filter(({ state }) => state === 'firing').map(({ name }) => name);
  assert.deepEqual(raised, [], 'nothing is wrong with this server');
});
