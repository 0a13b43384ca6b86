import type { User } from '../domain/types.ts';
import { createTokens } from './tokens.ts';

const LIFETIME_MS = 60_000;

/**
 * Whoever can read `JWT_SECRET` on this machine, and so does everything already: the tools of the command line. No
 * account has this id, nor a space in its name.
 */
export const OPERATOR: User = Object.freeze({
  id: 0,
  username: 'local operator',
  name: null,
  role: 'ADMIN',
  acl: { publish: [], subscribe: [] },
  roomIds: new Set<number>(),
  mustChangePassword: false,
  createdAt: new Date(0),
} satisfies User);

/** A token for a call or two, made beside the server instead of by it. */
export async function operatorToken(secret: string, now = Date.now): Promise<string> {
  const tokens = createTokens({ secret, expiresInMs: LIFETIME_MS, now });
  const { token } = await tokens.issue({ ...OPERATOR, tokenVersion: 0 });
  return token;
}
