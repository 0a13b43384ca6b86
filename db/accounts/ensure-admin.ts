import { DomainError } from '../domain/errors.ts';
import { randomText } from '../domain/secrets.ts';
import type { AccountsService } from './accounts.ts';

/** 18 random bytes: 24 characters that can be typed. */
const PASSWORD_BYTES = 18;

export const randomPassword = (): string => randomText(PASSWORD_BYTES);

/** Makes the first admin when there is no user. Gives the random password that nobody knows yet, or null. */
export async function ensureAdmin(
  accounts: Pick<AccountsService, 'all' | 'create' | 'load'>,
  { username, password }: { username: string; password: string | null },
): Promise<string | null> {
  if (accounts.all().length > 0) return null;
  const random = randomPassword();
  try {
    await accounts.create({
      username,
      password: password ?? random,
      name: null,
      role: 'ADMIN',
      acl: { publish: [], subscribe: [] },
      roomIds: [],
      mustChangePassword: password === null,
    });
  } catch (error) {
    // Another node that was started at the same time has made it, and has told its password.
    if (!(error instanceof DomainError) || error.code !== 'CONFLICT') throw error;
    await accounts.load();
    return null;
  }
  return password === null ? random : null;
}
