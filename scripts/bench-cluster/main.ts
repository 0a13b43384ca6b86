import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { commit, machine } from '../bench/report/machine.ts';
import { cleaningUp } from '../bench-history/clean-up.ts';
import { say } from '../bench-history/progress.ts';
import { parseArguments, runCommand, UsageError } from '../operator/usage.ts';
import { measureCost } from './cost.ts';
import { measureGrowth } from './growth.ts';
import { measureSpeed } from './speed.ts';

const PARTS = ['cost', 'growth', 'speed', 'pinned'] as const;

const USAGE = `usage: npm run bench:cluster -- [options]     one, two and three nodes, and what they cost Redis

  --part NAME,…    ${PARTS.join(', ')} (all)
  --rounds N       turns of each number of nodes (3)
  --seconds N      measured in each turn, after 3 s of warm-up (8)
  --minutes N      of coming and going (10)
  --short          everything tiny: does it work?
  --out FILE       (dist/bench-cluster.md)
`;

function readOptions(args: string[]) {
  const text = { type: 'string' } as const;
  const { values } = parseArguments({
    args,
    options: {
      ...{ part: text, rounds: text, seconds: text, minutes: text, out: text },
      short: { type: 'boolean', default: false },
    },
  });
  const { short, part, out = 'dist/bench-cluster.md' } = values;
  const number = (name: 'rounds' | 'seconds' | 'minutes', fallback: number) => {
    const given = Number(values[name] ?? fallback);
    if (!(given > 0 && given <= 1440)) throw new UsageError(`--${name} must be a number from 1 to 1440`);
    return given;
  };
  const parts = part?.split(',') ?? [...PARTS];
  const unknown = parts.find((name) => !PARTS.some((known) => known === name));
  if (unknown !== undefined) throw new UsageError(`--part must be of ${PARTS.join(', ')}, not ${unknown}`);
  return {
    ...{ parts, out, short },
    rounds: number('rounds', short ? 1 : 3),
    seconds: number('seconds', short ? 1 : 8),
    minutes: number('minutes', short ? 0.1 : 10),
  };
}

function introduction(): string {
  const { processors, model, memoryGiB, kernel, node } = machine();
  return [
    `# One, two and three nodes on a machine with ${processors} processors`,
    `${model}, ${memoryGiB} GiB, Linux ${kernel}, Node ${node}, commit ${commit() ?? 'unknown'}. Nodes, PostgreSQL, Redis and the load share these processors: the figures show what being several costs, and cannot show what more machines would give.`,
  ].join('\n\n');
}

await runCommand(USAGE, async (args) => {
  const { parts, out, rounds, seconds, minutes, short } = readOptions(args);
  await cleaningUp(async (onEnd) => {
    const sections = [introduction()];
    const write = (section: string) => {
      sections.push(section);
      mkdirSync(dirname(out), { recursive: true });
      writeFileSync(out, `${sections.join('\n\n')}\n`);
      console.log(`${section}\n`);
    };
    if (parts.includes('cost'))
      write(await measureCost({ measureMs: seconds * 1000, settleMs: short ? 1000 : 4000, onEnd }));
    if (parts.includes('growth')) write(await measureGrowth({ minutes, onEnd }));
    const speed = { rounds, measureMs: seconds * 1000, short, onEnd };
    if (parts.includes('speed')) write(await measureSpeed(speed, false));
    if (parts.includes('pinned') && !short) write(await measureSpeed(speed, true));
    say(`written to ${out}`);
  });
});
