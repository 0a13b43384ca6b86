import { cleaningUp } from '../bench-history/clean-up.ts';
import { say, seconds, whole } from '../bench-history/progress.ts';
import { runCommand } from '../operator/usage.ts';
import { calibrate } from './calibrate.ts';
import type { Contestant } from './contestants/contestant.ts';
import { CONTESTANTS } from './contestants/index.ts';
import { createContext } from './context.ts';
import { MEASURES } from './measures/index.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { startPinning } from './pinning.ts';
import { commit, machine } from './report/machine.ts';
import type { Report } from './report/report.ts';
import { writeReport } from './report/write.ts';

const WARM_UP_MS = 3000;
const SHORT_WARM_UP_MS = 500;
/** Below this the load generator may be what is measured. */
const LOAD_AIM = 100_000;

/** Those of the names that can run here; says why others cannot. */
async function present(names: readonly string[]) {
  const contestants: Contestant[] = [];
  const leftOut: string[] = [];
  for (const contestant of CONTESTANTS.filter(({ name }) => names.includes(name))) {
    const reason = await contestant.missing();
    if (reason === null) contestants.push(contestant);
    else leftOut.push(`${contestant.title}: ${reason}`);
  }
  for (const line of leftOut) say(`left out: ${line}`);
  return { contestants, leftOut };
}

async function bench(options: Options): Promise<boolean> {
  const { rounds, short, out } = options;
  const began = performance.now();
  const warmUpMs = short ? SHORT_WARM_UP_MS : WARM_UP_MS;
  const measureMs = options.seconds * 1000;
  const { contestants, leftOut } = await present(options.only);
  const versions = await Promise.all(contestants.map((contestant) => contestant.version()));
  const pinning = startPinning();
  say(pinning.described());

  return await cleaningUp(async (onEnd) => {
    const loadPerSecond = await calibrate({ pinning, warmUpMs, measureMs, onEnd });
    if (loadPerSecond === null) say('what the load generator can do is not known: there is no Mosquitto');
    else say(`the load generator drives Mosquitto to ${whole(loadPerSecond)} acknowledgements a second`);
    if (loadPerSecond !== null && loadPerSecond < LOAD_AIM)
      say(`WARNING: that is less than ${whole(LOAD_AIM)}: the load may be what limits the figures below`);

    const context = createContext({ contestants, rounds, warmUpMs, measureMs, short, pinning, say, onEnd });
    const report: Report = {
      date: new Date().toISOString().slice(0, 10),
      commit: commit(),
      command: ['npm run bench --', ...process.argv.slice(2)].join(' '),
      machine: machine(),
      pinning: '',
      ...{
        rounds,
        warmUpMs,
        measureMs,
        loadPerSecond,
        leftOut,
        faults: context.faults,
        books: context.books,
      },
      contestants: contestants.map(({ name, title }, i) => ({ name, title, version: versions[i] ?? '' })),
      sections: [],
    };
    for (const { name, title, run } of MEASURES.filter((measure) =>
      options.measures.includes(measure.name),
    )) {
      say(`── ${title}`);
      report.sections.push({ name, title, rows: await run(context) });
      report.pinning = pinning.described();
      // After each: what is interrupted leaves what it has.
      writeReport(report, out);
    }
    console.log(writeReport(report, out));
    say(`done in ${whole(seconds(began))} s; written to ${out}`);
    return context.faults.length === 0;
  });
}

await runCommand(USAGE, async (args) => {
  if (!(await bench(readOptions(args)))) process.exitCode = 1;
});
