import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { certificate } from './certificate.ts';
import { startProgram } from './child.ts';
import { untilConnack } from './connack.ts';
import type { Contestant } from './contestant.ts';
import { clientSpecs } from './devices.ts';
import { processTime } from './processes.ts';

const PROGRAM = new URL('./aedes-process.js', import.meta.url);

export const aedes: Contestant = {
  name: 'aedes',
  title: 'bare Aedes (stores nothing)',
  pipeline: false,
  missing: async () => null,
  version: async () => {
    const folder = dirname(createRequire(import.meta.url).resolve('aedes'));
    return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
  },
  start: async ({ clients, pinning }) => {
    const { ca, ...files } = await certificate();
    const began = performance.now();
    const program = await startProgram<{ port: number; tlsPort: number }>(PROGRAM, files, pinning.server);
    const { port, tlsPort } = program.ready;
    await untilConnack(port);
    const startedInMs = performance.now() - began;
    pinning.server(program.pid);
    return {
      host: '127.0.0.1',
      port,
      tls: { port: tlsPort, ca },
      server: null,
      clients: clientSpecs(clients),
      rows: null,
      pids: [program.pid],
      processor: () => ({ server: processTime(program.pid), database: null }),
      startedInMs,
      stop: program.stop,
    };
  },
};
