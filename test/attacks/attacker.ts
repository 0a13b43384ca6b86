import { setPriority } from 'node:os';
import * as clients from './clients.ts';
import * as frames from './frames.ts';
import * as packets from './packets.ts';
import * as requests from './requests.ts';
import * as sockets from './sockets.ts';
import type { Attack, Target } from './target.ts';

export const ATTACKS: Record<string, Attack> = { ...sockets, ...frames, ...packets, ...clients, ...requests };

// A process of its own, and of the lowest priority: what an attacker computes is not to delay the clock of the honest.
if (process.send !== undefined) {
  setPriority(19);
  process.once('message', ({ name, target }: { name: string; target: Target }) => {
    const attack = ATTACKS[name];
    if (attack === undefined) throw new Error(`no attack ${name}`);
    void attack(target).then(
      (result) => process.send?.({ result }, () => process.exit(0)),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
}
