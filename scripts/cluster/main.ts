import { mkdtempSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDuration } from '../../db/domain/duration.ts';
import { cleaningUp } from '../bench-history/clean-up.ts';
import { parseArguments, runCommand, UsageError } from '../operator/usage.ts';
import { COMMAND_EXPIRY_MS, COMMAND_TIMEOUT_MS } from './audit.ts';
import { openTestCluster } from './cluster.ts';
import { describe } from './report.ts';
import { type LoadOptions, runUnderLoad } from './under-load.ts';

const USAGE = `usage: npm run cluster-test -- [options]     three nodes, a PostgreSQL and a Redis, and everything that can fail

  --nodes N        (3)
  --devices N      devices under load (240)
  --rate N         readings a second of each (1)
  --hold 20s       how long each fault lasts
  --only WORD,…    only faults whose name contains one of these
  --loopback       plain ports in place of network namespaces
  --short          90 devices, faults of 6 s
`;

const say = (text: string) => console.log(`${new Date().toISOString().slice(11, 19)} ${text}`);

type Options = Omit<LoadOptions, 'say'> & { nodes: number; loopback: boolean };

/** Of the nodes under load: commands end before the run does. */
export const LOAD_ENV = {
  COMMAND_TIMEOUT: `${COMMAND_TIMEOUT_MS}ms`,
  COMMAND_EXPIRY: `${COMMAND_EXPIRY_MS}ms`,
  DEFAULT_WIDGET_STATUS: 'include',
};

function readOptions(args: string[]): Options {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArguments({
    args,
    options: { nodes: text, devices: text, rate: text, hold: text, only: text, loopback: flag, short: flag },
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
    ...{ holdMs, loopback },
  };
}

async function run({ nodes, loopback, ...options }: Options): Promise<boolean> {
  return await cleaningUp(async (onEnd) => {
    const cluster = await openTestCluster({ nodes, env: LOAD_ENV, loopback });
    onEnd(cluster.stop);
    say(`${cluster.network.description}; ${cpus().length} processors, Node ${process.versions.node}`);
    const result = await runUnderLoad(cluster, { ...options, say });
    console.log(`\n${describe(result)}\n`);
    if (result.faults.length === 0) {
      console.log(
        'every acknowledged reading is there, exactly once, and every command ended in a true state',
      );
      return true;
    }
    for (const fault of result.faults) console.error(`FAULT: ${fault}`);
    const folder = mkdtempSync(join(tmpdir(), 'pm-iot-cluster-logs-'));
    cluster.writeLogs(folder);
    console.error(`the logs of the nodes are in ${folder}`);
    return false;
  });
}

await runCommand(USAGE, async (args) => {
  if (!(await run(readOptions(args)))) process.exitCode = 1;
});
