import { setTimeout as sleep } from 'node:timers/promises';
import type { Measure } from './measure.ts';
import { memoryOf } from './window.ts';

/** After the start, until what it needed for it may have been given back. */
const SETTLE_MS = 5000;
const SHORT_SETTLE_MS = 200;

export const rest: Measure = {
  name: 'rest',
  title: 'Start and memory at rest',
  run: (context) =>
    context.takeTurns(context.contestants, { clients: 1 }, async ({ running, add }) => {
      const { startedInMs, pids } = running;
      await sleep(context.short ? SHORT_SETTLE_MS : SETTLE_MS);
      const memory = memoryOf(pids);
      const note =
        'On one processor; the database exists, and an outside one runs already. Pipelines: until a reading is stored.';
      add({ measure: 'start', unit: 'ms', better: 'less', value: startedInMs, note });
      add({ measure: 'memory, nobody connected', unit: 'MiB', better: 'less', value: memory });
      context.say(`started in ${Math.round(startedInMs)} ms, ${memory} MiB`);
    }),
};
