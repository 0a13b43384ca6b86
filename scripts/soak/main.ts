import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startPostgres } from '../../test/helpers/postgres.ts';
import { Server } from '../../test/helpers/server.ts';
import { cleaningUp } from '../bench-history/clean-up.ts';
import { say } from '../bench-history/progress.ts';
import { runCommand } from '../operator/usage.ts';
import { chart } from './chart.ts';
import { COMMAND_EXPIRY_MS, COMMAND_TIMEOUT_MS } from './commands.ts';
import { readOptions, USAGE } from './options.ts';
import { describe, reportOf } from './report.ts';
import { soak } from './run.ts';

const ENV = {
  LOG_LEVEL: 'error',
  COMMAND_TIMEOUT: `${COMMAND_TIMEOUT_MS}ms`,
  COMMAND_EXPIRY: `${COMMAND_EXPIRY_MS}ms`,
  OFFLINE_AFTER: '20s',
  DEFAULT_WIDGET_STATUS: 'include',
};

await runCommand(USAGE, async (args) => {
  const options = readOptions(args);
  const { database, out, seed, minutes } = options;
  const result = await cleaningUp(async (onEnd) => {
    // Whatever interrupts the start itself waits for it.
    const starting = database === 'local' ? startPostgres() : null;
    onEnd(async () => (await starting?.catch(() => null))?.dispose());
    const databaseUrl = (await starting)?.url ?? null;
    const server = new Server({ databaseUrl, env: ENV });
    onEnd(() => server.dispose());
    await server.start();
    say(`${minutes} minutes, ${database} database, seed ${seed}, server ${server.pid}`);
    return soak(options, server, say);
  });
  const report = reportOf(options, result);
  mkdirSync(out, { recursive: true });
  const text = describe(report);
  writeFileSync(join(out, 'soak.json'), `${JSON.stringify(report, null, 1)}\n`);
  writeFileSync(join(out, 'soak.svg'), chart(report));
  writeFileSync(join(out, 'soak.md'), text);
  console.log(text);
  for (const { kind, count, first } of result.faults) console.error(`FAULT: ${count} × ${kind}: ${first}`);
  process.exitCode = result.faults.length > 0 ? 1 : 0;
});
