import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { startProgram } from '../contestants/child.ts';
import type { Contestant } from '../contestants/contestant.ts';
import { processTime } from '../contestants/processes.ts';

const PROGRAM = new URL('./bare-hono-process.js', import.meta.url);

export interface BareAnswers {
  /** JSON of the whole answer. */
  body: string;
}

/** The ceiling of the stack for polls: knows nobody, looks nothing up. Its port speaks HTTP. */
export const bareHono = (answers: () => BareAnswers): Contestant => ({
  name: 'bare-hono',
  title: 'bare Hono (one fixed answer)',
  pipeline: false,
  missing: async () => null,
  version: async () => {
    const main = createRequire(import.meta.url).resolve('hono');
    const path = join(dirname(main), '..', '..', 'package.json');
    return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
  },
  start: async ({ pinning }) => {
    const began = performance.now();
    const program = await startProgram<number>(PROGRAM, answers(), pinning.server);
    pinning.server(program.pid);
    return {
      host: '127.0.0.1',
      port: program.ready,
      tls: null,
      server: null,
      clients: [],
      rows: null,
      pids: [program.pid],
      processor: () => ({ server: processTime(program.pid), database: null }),
      startedInMs: performance.now() - began,
      stop: program.stop,
    };
  },
});
