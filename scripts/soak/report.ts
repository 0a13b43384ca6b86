import { machine } from '../bench-history/report.ts';
import type { Options } from './options.ts';
import type { SoakResult } from './run.ts';
import { LONG_ENOUGH_S } from './slopes.ts';

export interface Report extends SoakResult {
  date: string;
  node: string;
  machine: string;
  options: Options;
}

export const reportOf = (options: Options, result: SoakResult): Report => ({
  date: new Date().toISOString().slice(0, 10),
  node: process.versions.node,
  machine: machine(),
  options,
  ...result,
});

const whole = (value: number) => Math.round(value).toLocaleString('en-US');
const short = (value: number) => (Math.abs(value) >= 100 ? whole(value) : value.toFixed(1));

/** Markdown, for the terminal as well. */
export function describe({
  options,
  series,
  readings,
  commands,
  counts,
  faults,
  samples,
  ...on
}: Report): string {
  const { minutes, devices, rate, database, seed } = options;
  const command = `npm run soak -- --minutes ${minutes} --database ${database} --devices ${devices} --rate ${rate} --seed ${seed}`;
  const rows = series
    .filter(({ median }) => median !== null)
    .map(({ name, unit, minima, median, slope, verdict, bound, fault }) =>
      [
        `${name}${minima && unit === 'MiB' ? ' (least of each minute)' : ''}`,
        `${short(median ?? 0)} ${unit}`.trim(),
        slope === null ? '' : `${short(slope.perHour)} ± ${short(slope.error)}`,
        fault ? `**${verdict}**` : verdict,
        bound === null ? '' : String(bound),
      ].join(' | '),
    );
  const long = (samples.at(-1)?.seconds ?? 0) >= LONG_ENOUGH_S;
  const states = Object.entries(commands.states).map(([state, count]) => `${whole(count)} ${state}`);
  return `${on.machine}, Node ${on.node}, ${on.date}: \`${command}\`

| | median | an hour | verdict | bound, an hour |
| --- | --- | --- | --- | --- |
${rows.map((row) => `| ${row} |`).join('\n')}

After a warm-up of a fifth of the run${long ? '' : '; too short for the bounds to be held against it'}.

- Readings: ${whole(readings.sent)} sent, ${whole(readings.acknowledged)} acknowledged, ${whole(readings.stored)} stored; ${readings.lost} lost, ${readings.repeated} stored twice, ${readings.foreign} that nobody sent.
- Commands: ${whole(commands.asked)}, of which ${states.join(', ') || 'none'}; ${commands.untrue.length} in an untrue state.
- ${Object.entries(counts)
    .map(([what, count]) => `${what}: ${whole(count)}`)
    .join('; ')}.
- ${
    faults.length === 0
      ? 'No fault.'
      : `Faults: ${faults.map(({ kind, count, first }) => `${count} × ${kind} (${first})`).join('; ')}.`
  }
`;
}
