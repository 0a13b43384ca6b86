import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { normalPassword as normal } from './password-rules.ts';

/** OWASP's first choice for argon2id: 19 MiB, two passes, one lane. The library's default algorithm is argon2id. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 };

const base64 = (bytes: number) => randomBytes(bytes).toString('base64').replaceAll('=', '');

/** A well-formed hash that no password has: checking it takes as long as checking a real one. */
const decoy = () =>
  `$argon2id$v=19$m=${COST.memoryCost},t=${COST.timeCost},p=${COST.parallelism}$${base64(16)}$${base64(COST.outputLen)}`;

export interface Passwords {
  hash(password: string): Promise<string>;
  /** Takes the same time for a user who does not exist (`stored` null), and answers false. */
  verify(stored: string | null, password: string): Promise<boolean>;
}

/** Runs on the thread pool, not on the loop; 20 to 30 ms and 19 MiB each, so callers must bound how many run at once. */
export function createPasswords(): Passwords {
  const nobody = decoy();
  return {
    hash: (password) => hash(normal(password), COST),
    verify: async (stored, password) => {
      const matches = await verify(stored ?? nobody, normal(password));
      return matches && stored !== null;
    },
  };
}
