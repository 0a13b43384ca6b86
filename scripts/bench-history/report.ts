import { cpus, totalmem } from 'node:os';
import { slowdowns } from './ingest.ts';
import { whole } from './progress.ts';
import { QUESTIONS } from './questions.ts';
import type { KindResult } from './run.ts';

export interface Report {
  date: string;
  node: string;
  machine: string;
  results: KindResult[];
}

export const machine = () => {
  const [cpu] = cpus();
  return `${cpus().length} × ${cpu?.model.trim() ?? 'processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
};

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const mib = (bytes: number) => `${whole(bytes / 2 ** 20)} MiB`;
const ms = (value: number) => value.toFixed(1);
const percent = (part: number) => `${(part * 100).toFixed(1)} %`;

function fills({ steps, days }: KindResult): string {
  const rows = steps.map(({ fill }) => [
    whole(fill.readings),
    String(fill.widgets),
    `${fill.packedSeconds.toFixed(0)} s, ${whole(fill.packed / fill.packedSeconds)} /s`,
    `${fill.plainSeconds.toFixed(0)} s, ${whole((fill.added - fill.packed) / fill.plainSeconds)} /s`,
    `${fill.sweepSeconds.toFixed(0)} s`,
    mib(fill.bytes),
    (fill.bytes / fill.readings).toFixed(1),
  ]);
  return `One reading a minute for ${days} days, through the importer.\n\n${table(
    ['readings', 'widgets', 'old days', 'last days', 'summed up', 'database', 'bytes a reading'],
    rows,
  )}`;
}

function questions({ steps }: KindResult): string {
  const [first, last] = [steps[0], steps.at(-1)];
  const rows = QUESTIONS.map((question) => {
    const of = (step: (typeof steps)[number] | undefined) =>
      step?.questions.find((result) => result.question === question);
    const cells = steps.map(
      (step) => `${ms(of(step)?.p50 ?? Number.NaN)} / ${ms(of(step)?.p95 ?? Number.NaN)} ms`,
    );
    const growth = (of(last)?.p50 ?? Number.NaN) / (of(first)?.p50 ?? Number.NaN);
    return [question, ...cells, `${growth.toFixed(2)}×`];
  });
  const sizes = steps.map(({ fill }) => `${whole(fill.readings)}, p50 / p95`);
  return `In the process, without HTTP; 300 points. Aim: p95 under 50 ms, p50 at most 2× from the smallest to the largest.\n\n${table(['question', ...sizes, 'growth'], rows)}`;
}

function bytes({ bytes: results }: KindResult): string {
  const rows = results.map((result) => [
    result.every === 1 ? 'second' : 'minute',
    whole(result.readings),
    ...[result.plain, result.packed, result.minutes, result.hours].map((value) => value.toFixed(2)),
    (result.packed + result.minutes + result.hours).toFixed(2),
    ...[result.storeRate, result.sweepRate, result.packRate].map((rate) => `${whole(rate)} /s`),
  ]);
  const head = ['one a', 'readings', 'plain', 'packed', 'minutes', 'hours', 'packed, all in'];
  return `Bytes of a reading, with indexes. Aim: at most 12, all in.\n\n${table([...head, 'stored', 'summed up', 'packed at'], rows)}`;
}

function ingest({ ingest: phases }: KindResult): string {
  const rows = phases.map(({ phase, seconds, rate, p50, p99, packed }) => [
    phase === 'alone' ? 'nothing else' : 'summing up and packing',
    `${seconds.toFixed(0)} s`,
    `${whole(rate)} /s`,
    `${ms(p50)} / ${ms(p99)} ms`,
    phase === 'alone' ? '' : `${whole(packed)} /s`,
  ]);
  const down = slowdowns(phases);
  const mean = down.reduce((sum, part) => sum + part, 0) / down.length;
  return `The writer in the process, 2,000 readings waiting at any time.\n\n${table(['beside it', 'for', 'readings stored', 'to the acknowledgement, p50 / p99', 'summed up and packed'], rows)}\n\n${percent(mean)} down on average (${down.map(percent).join(', ')}), against the phases before and after. Aim: at most 15 %.`;
}

function exports({ exports: results }: KindResult): string {
  const rows = results.map((result) => [
    result.reader,
    whole(result.rows),
    `${result.seconds.toFixed(0)} s`,
    `${whole(result.rows / result.seconds)} /s`,
    `${(result.bytes / 2 ** 20 / result.seconds).toFixed(1)} MiB/s`,
    `${result.start} → ${result.median}, at most ${result.most} MiB`,
    `${result.slope.toFixed(1)} MiB/min`,
  ]);
  return table(
    ['reader', 'rows', 'for', 'rows', 'bytes', 'memory: start → median', 'slope of the second half'],
    rows,
  );
}

/** Markdown. */
export function describe({ date, node, machine: on, results }: Report): string {
  const parts = results.flatMap((result) => {
    const title = (text: string) => `## ${text}, ${result.kind === 'local' ? 'PostgreSQL' : 'embedded'}`;
    return [
      ...(result.steps.length > 0
        ? [title('Fill'), fills(result), title('Questions'), questions(result), title('CSV'), exports(result)]
        : []),
      ...(result.bytes.length > 0 ? [title('Bytes'), bytes(result)] : []),
      ...(result.ingest.length > 0 ? [title('Ingest'), ingest(result)] : []),
    ];
  });
  return [`${on}, Node ${node}, ${date}`, ...parts].join('\n\n');
}
