import { startProgram } from './child.ts';
import { mosquitto } from './mosquitto.ts';
import { pipeline } from './pipeline.ts';

const PROGRAM = new URL('./subscriber-process.js', import.meta.url);

export const subscriber = pipeline({
  name: 'subscriber',
  title: 'Mosquitto + subscriber, row by row → PostgreSQL',
  version: async () => `Mosquitto ${await mosquitto.version()}, Node ${process.versions.node}`,
  startWriter: async ({ onPid, ...to }) => {
    const { pid, stop, ended, errors } = await startProgram(PROGRAM, to, onPid);
    const failed = ended.then(() => {
      throw new Error(`the subscriber ended\n${errors()}`);
    });
    return { pid, stop, ended: failed };
  },
});
