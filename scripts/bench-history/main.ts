import { writeFileSync } from 'node:fs';
import { findPostgres } from '../../test/helpers/postgres.ts';
import { type Options, readOptions, USAGE, UsageError } from './options.ts';
import { say, seconds } from './progress.ts';
import { describe, machine, type Report } from './report.ts';
import { benchmark } from './run.ts';

const EXIT_USAGE = 64;
/** The embedded database is for smaller homes. */
const EMBEDDED_SHARE = 10;

async function run({ kinds, parts, scale, json }: Options): Promise<void> {
  const began = performance.now();
  const report: Report = {
    date: new Date().toISOString().slice(0, 10),
    node: process.versions.node,
    machine: machine(),
    results: [],
  };
  for (const kind of kinds) {
    if (kind === 'local' && findPostgres() === null) {
      say('no PostgreSQL server is installed: left out');
      continue;
    }
    report.results.push(await benchmark(kind, kind === 'local' ? scale : scale / EMBEDDED_SHARE, parts));
  }
  console.log(describe(report));
  if (json !== null) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
  say(`done in ${(seconds(began) / 60).toFixed(1)} minutes`);
}

try {
  await run(readOptions(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${USAGE}`);
  process.exitCode = EXIT_USAGE;
}
