import { Quantiles } from '../load-test/quantiles.ts';
import type { Phase } from './load/phases.ts';
import type { LoadResult } from './under-load.ts';

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
const counts = (all: Record<string, number>) =>
  Object.entries(all)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([what, number]) => `${what}: ${number}`)
    .join(', ');

const quantile = (times: Quantiles, part: number) =>
  times.count === 0 ? '–' : `${Math.round(times.at(part))} ms`;

/** Times of nothing wrong are told as one. */
function joined(phases: readonly Phase[]): Phase[] {
  const calm: Phase[] = phases.filter(({ name }) => name === 'calm');
  const sum = (of: (phase: Phase) => Record<string, number>) => {
    const all: Record<string, number> = {};
    for (const phase of calm)
      for (const [what, number] of Object.entries(of(phase))) all[what] = (all[what] ?? 0) + number;
    return all;
  };
  const commandTimes = new Quantiles();
  for (const phase of calm) commandTimes.addAll(phase.commandTimes);
  const most = (of: (phase: Phase) => number) => Math.max(0, ...calm.map(of));
  return [
    {
      name: 'nothing wrong',
      endedAt: null,
      acknowledged: calm.reduce((total, { acknowledged }) => total + acknowledged, 0),
      longestWait: most(({ longestWait }) => longestWait),
      longestSilence: most(({ longestSilence }) => longestSilence),
      longestStale: most(({ longestStale }) => longestStale),
      polls: sum(({ polls }) => polls),
      commands: sum(({ commands }) => commands),
      commandTimes,
      recovered: null,
    },
    ...phases.filter(({ name }) => name !== 'calm'),
  ];
}

/** A Markdown table; columns are as wide as what is in them. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)));
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, i) => (cells[i] ?? '').padEnd(width)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

export function describe(result: LoadResult): string {
  const { phases, readings, commands, wills, delivered, clients, database } = result;
  const times = table(
    [
      '',
      'acknowledged',
      'longest wait',
      'longest silence of all',
      'polls behind',
      'command p50 / p99',
      'as before after',
    ],
    joined(phases).map((phase) => [
      phase.name,
      String(phase.acknowledged),
      ...[phase.longestWait, phase.longestSilence, phase.longestStale].map(seconds),
      `${quantile(phase.commandTimes, 0.5)} / ${quantile(phase.commandTimes, 0.99)}`,
      phase.recovered === null ? '–' : seconds(phase.recovered),
    ]),
  );
  const answers = table(
    ['', 'polls', 'commands asked for'],
    joined(phases).map(({ name, polls, commands: told }) => [name, counts(polls), counts(told)]),
  );
  const tally = table(
    ['tally', ''],
    [
      ['readings sent', String(readings.sent)],
      ['acknowledged', String(readings.acknowledged)],
      ['in PostgreSQL', String(readings.stored)],
      ['acknowledged and missing', String(readings.lost)],
      ['twice', String(readings.repeated)],
      ['never sent', String(readings.foreign)],
      ['commands made', String(commands.made)],
      ['their ends', counts(commands.ended)],
      ['commands that came twice', String(commands.twice)],
      ['commands in an untrue state', String(commands.untrue.length)],
      ['wills due', String(wills.due)],
      ['published once, twice, not', `${wills.once}, ${wills.twice}, ${wills.missing}`],
      ['wills of who had come back', String(wills.wrong)],
      ['acknowledged, of a subscriber at QoS 1', String(delivered.acknowledged)],
      ['delivered, of these twice, not', `${delivered.delivered}, ${delivered.twice}, ${delivered.missing}`],
      ['not delivered, by what was wrong', counts(delivered.missingBy)],
      ...Object.entries({ ...clients, ...database }).map(([what, number]) => [what, String(number)]),
    ],
  );
  return `${times}\n\n${answers}\n\n${tally}`;
}
