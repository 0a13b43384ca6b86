import { randomBytes } from 'node:crypto';
import { ProbeFault } from '../health/fault.ts';
import type { PasswordGate } from './password-gate.ts';
import type { Passwords } from './passwords.ts';
import type { Tokens } from './tokens.ts';

/** Nobody's: ids begin at 1. */
const NOBODY = -1;

/**
 * Goes the way of a log-in with a password and an account that are made up and never leave this function: the queue, the
 * stretching, the signing and reading of a token. Nothing that it makes opens anything.
 */
export function createLoginProbe(deps: { passwords: Passwords; gate: PasswordGate; tokens: Tokens }) {
  const { passwords, gate, tokens } = deps;
  let known: { password: string; hash: string } | null = null;

  const stretched = <T>(task: () => Promise<T>) => gate.run({ known: true, key: 'health' }, task);

  return async (): Promise<void> => {
    if (known === null) {
      const password = randomBytes(24).toString('base64url');
      known = { password, hash: await stretched(() => passwords.hash(password)) };
    }
    const { password, hash } = known;
    if (!(await stretched(() => passwords.verify(hash, password))))
      throw new ProbeFault('unexpected_answer', 'a right password counts as wrong');
    const issued = await tokens.issue({ id: NOBODY, username: '~health', role: 'USER', tokenVersion: 0 });
    if ((await tokens.read(issued.token))?.tokenId !== issued.tokenId)
      throw new ProbeFault('unexpected_answer', 'a token that was just made is not valid');
  };
}
