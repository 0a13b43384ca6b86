import * as clients from './clients.ts';
import * as frames from './frames.ts';
import * as packets from './packets.ts';
import * as requests from './requests.ts';
import * as sockets from './sockets.ts';
import type { Attack, Target } from './target.ts';

/** No attack: a program beside the server that takes what is left of the processors. The measure for the others. */
export const BUSY = 'busy neighbour';
const BUSY_MS = 5000;
const busy: Attack = async () => {
  let turns = 0;
  for (const end = performance.now() + BUSY_MS; performance.now() < end; turns++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { turns };
};

export const ATTACKS: Record<string, Attack> = { ...sockets, ...frames, ...packets, ...clients, ...requests };

// A process of its own: what an attacker computes is not to delay the clock of the honest.
if (process.send !== undefined) {
  process.on('message', ({ name, target }: { name: string; target: Target }) => {
    const attack = name === BUSY ? busy : ATTACKS[name];
    if (attack === undefined) throw new Error(`no attack ${name}`);
    void attack(target).then(
      (result) => process.send?.({ result }),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
  process.once('disconnect', () => process.exit(0));
  process.send('ready');
}
