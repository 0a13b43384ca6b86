import { setTimeout as sleep } from 'node:timers/promises';
import { parseTime } from '../../db/domain/time.ts';
import type { HistoryStatus } from '../../web/client/index.ts';
import { type LocalServer, localConfig, localServer } from '../operator/local-server.ts';
import { createProgressLine } from '../operator/progress-line.ts';
import { parseArguments, runCommand, UsageError } from '../operator/usage.ts';
import { statusText } from './status-text.ts';

const USAGE = `npm run rollup [-- options]    the state of history, on the server that runs on this machine

  --rebuild   makes summaries anew from raw readings, where those are complete, and waits until it is done
  --from T    of the readings from this time on, such as 2026-01-15T00:00:00Z (from the first)
  --to T      up to this time (to the last)
  --url URL   of the server (from HTTP_PORT or HTTPS_PORT)`;

const LOOK_EVERY_MS = 1000;
/** Without an hour less for so long, what is left cannot be summed up. */
const STUCK_MS = 5 * 60_000;
/** Marks of years are thousands of statements. */
const MARK_LIMIT_MS = 10 * 60_000;

function readArguments(args: string[]) {
  const text = { type: 'string' } as const;
  const options = { rebuild: { type: 'boolean' }, from: text, to: text, url: text } as const;
  const { rebuild = false, from, to, url } = parseArguments({ args, options }).values;
  for (const [name, given] of Object.entries({ from, to })) {
    if (given === undefined) continue;
    if (!rebuild) throw new UsageError(`--${name} goes with --rebuild`);
    if (parseTime(given) === null)
      throw new UsageError(`--${name} must be a time such as 2026-01-15T00:00:00Z`);
  }
  return { rebuild, url, range: { ...(from !== undefined && { from }), ...(to !== undefined && { to }) } };
}

const statusOf = (server: LocalServer) => server.call<HistoryStatus>('GET', '/api/history', 'late_hours');

/** Until no hour is left. Devices may meanwhile report late, and add to it. */
async function follow(server: LocalServer): Promise<void> {
  let left = Number.POSITIVE_INFINITY;
  let least = left;
  let lessSince = performance.now();
  const progress = createProgressLine(process.stdout, () => `${left} hours of widgets are left`);
  try {
    for (;;) {
      const isFirst = left === Number.POSITIVE_INFINITY;
      ({ late_hours: left } = await statusOf(server));
      if (left === 0) break;
      if (isFirst) {
        progress.tell();
        progress.start();
      }
      if (left < least) {
        least = left;
        lessSince = performance.now();
      }
      if (performance.now() - lessSince > STUCK_MS) {
        throw new Error(
          `${left} hours of widgets are left, and none less for minutes: the server's log says why`,
        );
      }
      await sleep(LOOK_EVERY_MS);
    }
  } finally {
    progress.stop();
  }
  console.log('all summaries are up to date');
}

async function rollup(args: string[]): Promise<void> {
  const { rebuild, url, range } = readArguments(args);
  const server = localServer(localConfig(), url);
  if (!rebuild) {
    console.log(statusText(await statusOf(server)));
    return;
  }
  const { hours } = await server.call<{ hours: number }>(
    'POST',
    '/api/history/rebuild',
    'hours',
    range,
    MARK_LIMIT_MS,
  );
  console.log(`${hours} hours of widgets are summed up anew; it goes on when this command is ended`);
  await follow(server);
}

await runCommand(USAGE, rollup);
