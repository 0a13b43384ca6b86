import { mkdtempSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDuration } from '../../db/domain/duration.ts';
import { cleaningUp } from '../bench-history/clean-up.ts';
import type { OnEnd } from '../bench-history/database.ts';
import { parseArguments, runCommand, UsageError } from '../operator/usage.ts';
import { LOAD_ENV } from './audit.ts';
import { openTestCluster, type TestCluster } from './cluster.ts';
import type { NetworkKind } from './network/index.ts';
import { describe } from './report.ts';
import { STEPS, STEPS_ENV } from './steps/index.ts';
import { createStage } from './steps/step.ts';
import { type LoadOptions, runUnderLoad } from './under-load.ts';

const USAGE = `usage: npm run cluster-test -- [options]     three nodes, a PostgreSQL and a Redis, and everything that can fail

  --nodes N        under load (3)
  --devices N      devices under load (240)
  --rate N         readings a second of each (1)
  --hold 20s       how long each fault lasts
  --steps          only what must hold while nothing fails, and when a node dies
  --load           only the faults under load
  --only WORD,…    only steps and faults whose name contains one of these
  --loopback       plain ports in place of network namespaces
  --short          90 devices, faults of 6 s
`;

const say = (text: string) => console.log(`${new Date().toISOString().slice(11, 19)} ${text}`);

type Options = Omit<LoadOptions, 'say' | 'slack'> & { nodes: number; network: NetworkKind };

interface Parts {
  steps: boolean;
  load: boolean;
}

function readOptions(args: string[]): Options & { parts: Parts } {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArguments({
    args,
    options: {
      nodes: text,
      devices: text,
      rate: text,
      hold: text,
      only: text,
      loopback: flag,
      short: flag,
      steps: flag,
      load: flag,
    },
  });
  const { short, loopback, only } = values;
  const number = (name: 'nodes' | 'devices' | 'rate', fallback: number) => {
    const given = values[name] ?? String(fallback);
    if (!/^[1-9]\d{0,3}$/.test(given))
      throw new UsageError(`--${name} must be a number from 1, not ${given}`);
    return Number(given);
  };
  const holdMs = parseDuration(values.hold ?? (short ? '6s' : '20s'));
  if (holdMs === null) throw new UsageError(`--hold must be a duration such as 20s, not ${values.hold}`);
  return {
    nodes: number('nodes', 3),
    devices: number('devices', short ? 90 : 240),
    rate: number('rate', 1),
    calmMs: short ? 1500 : 5000,
    only: only === undefined ? [] : only.split(','),
    holdMs,
    network: loopback ? 'loopback' : 'namespaces',
    parts: { steps: values.steps || !values.load, load: values.load || !values.steps },
  };
}

/** Every sentence of what must hold between nodes. Names of those that do not. */
async function runSteps(network: NetworkKind, only: readonly string[], onEnd: OnEnd): Promise<string[]> {
  const steps = STEPS.filter(({ name }) => only.length === 0 || only.some((word) => name.includes(word)));
  if (steps.length === 0) return [];
  const cluster = await openTestCluster({ nodes: 3, env: STEPS_ENV, network });
  onEnd(cluster.stop);
  say(`${cluster.network.description}; ${cpus().length} processors, Node ${process.versions.node}`);
  const stage = createStage({ cluster, slack: 1, note: (text) => say(`     ${text}`) });
  const failed: string[] = [];
  for (const { name, run: runStep } of steps) {
    try {
      await runStep(stage);
      say(`ok   ${name}`);
    } catch (error) {
      failed.push(name);
      say(`FAIL ${name}\n${error instanceof Error ? error.stack : String(error)}`);
      // What comes after it begins with all nodes there.
      for (const node of cluster.nodes.slice(0, 3)) if (!node.server.alive) await node.server.start();
    }
  }
  if (failed.length > 0) keepLogs(cluster);
  await cluster.stop();
  return failed;
}

async function runLoad({ nodes, network, ...options }: Options, onEnd: OnEnd): Promise<readonly string[]> {
  const cluster = await openTestCluster({ nodes, env: LOAD_ENV, network });
  onEnd(cluster.stop);
  say(`${cluster.network.description}; ${cpus().length} processors, Node ${process.versions.node}`);
  const result = await runUnderLoad(cluster, { ...options, slack: 1, say });
  console.log(`\n${describe(result)}\n`);
  if (result.faults.length > 0) keepLogs(cluster);
  return result.faults;
}

function keepLogs(cluster: TestCluster): void {
  const folder = mkdtempSync(join(tmpdir(), 'pm-iot-cluster-logs-'));
  cluster.writeLogs(folder);
  console.error(`the logs of the nodes are in ${folder}`);
}

async function run({ parts, ...options }: Options & { parts: Parts }): Promise<boolean> {
  return await cleaningUp(async (onEnd) => {
    const { network, only } = options;
    const failed = parts.steps ? await runSteps(network, only, onEnd) : [];
    const faults = parts.load ? await runLoad(options, onEnd) : [];
    for (const name of failed) console.error(`FAILED: ${name}`);
    for (const fault of faults) console.error(`FAULT: ${fault}`);
    if (failed.length + faults.length > 0) return false;
    console.log('every acknowledged reading is there, exactly once, and every command ended in a true state');
    return true;
  });
}

await runCommand(USAGE, async (args) => {
  if (!(await run(readOptions(args)))) process.exitCode = 1;
});
