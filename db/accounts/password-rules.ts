import { createRequire } from 'node:module';
import type * as Library from '@zxcvbn-ts/language-common';
import { looksLikeSecret } from '../domain/secrets.ts';

export const MIN_PASSWORD = 8;
export const MAX_PASSWORD = 1024;

const require = createRequire(import.meta.url);
let common: ReadonlySet<string> | null = null;

/** Some 18,000 that are tried first. Of the library only this list is used, and most runs of the program never ask for it. */
function commonPasswords(): ReadonlySet<string> {
  if (common !== null) return common;
  const { dictionary } = require('@zxcvbn-ts/language-common') as typeof Library;
  common = new Set(dictionary['passwords-common'].filter((word) => [...word].length >= MIN_PASSWORD));
  return common;
}

const OWN_NAMES = ['pmiot', 'admin', 'administrator'];

/** The same word typed on two keyboards can arrive in two Unicode forms. */
export const normalPassword = (password: string): string => password.normalize('NFKC');

/**
 * What is wrong with a password that somebody wants to take, or null. NIST SP 800-63B, section 5.1.1.2 of revision 3:
 * length counts and composition does not; what is common, or made of the names at hand, is refused.
 */
export function passwordFault(password: string, username = ''): string | null {
  const normal = normalPassword(password);
  const { length } = [...normal];
  if (length < MIN_PASSWORD) return `must have at least ${MIN_PASSWORD} characters`;
  if (length > MAX_PASSWORD) return `must have at most ${MAX_PASSWORD} characters`;
  const lower = normal.toLowerCase();
  if (commonPasswords().has(lower))
    return 'is one of the most common passwords: take a few words that belong to you';
  if (new Set(lower).size <= 2) return 'repeats the same characters: take a few words that belong to you';
  if (looksLikeSecret(normal)) {
    return 'has the form of a device secret (43 letters, digits, - and _): make it one character longer';
  }
  const core = lower.replace(/[\s\d\p{P}\p{S}]+/gu, '');
  if ([...OWN_NAMES, username.toLowerCase()].includes(core)) {
    return 'is made of a name that is easily guessed: take a few words that belong to you';
  }
  return null;
}
