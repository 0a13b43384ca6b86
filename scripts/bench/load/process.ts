import { createCrowd } from './crowd.ts';
import type { Reply, Request, Requests } from './protocol.ts';

/** Load in a process of its own: what it costs is not paid by whoever measures, nor by the server. */
const crowd = createCrowd();
const reply = (message: Reply) => void process.send?.(message);

async function answer({ name, args }: Request): Promise<unknown> {
  if (name === 'connect') return crowd.connect(...(args as Requests['connect']['args']));
  if (name === 'run') return crowd.run(...(args as Requests['run']['args']));
  return crowd.disconnect();
}

process.on('message', (request: Request) => {
  answer(request).then(
    (result) => reply({ id: request.id, result }),
    (error: unknown) =>
      reply({ id: request.id, error: error instanceof Error ? error.message : String(error) }),
  );
});
process.once('disconnect', () => process.exit());
