import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Random bytes as base64url. The first character is no hyphen: on a command line that would begin an option. */
export function randomText(bytes: number): string {
  for (;;) {
    const text = randomBytes(bytes).toString('base64url');
    if (!text.startsWith('-')) return text;
  }
}

/** 256 random bits (43 characters): device secrets and enrolment tokens. */
export const createSecret = (): string => randomText(32);

/** Has it the form of one? */
export const looksLikeSecret = (text: string): boolean => /^[\w-]{43}$/.test(text);

/** SHA-256, hex. Enough for a secret of 256 random bits; passwords of people are stretched with argon2id instead. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Constant-time comparison of a secret with a stored hash; takes as long when there is no hash. */
export function matchesSecret(secret: string, hash: string | null): boolean {
  const given = Buffer.from(hashSecret(secret), 'hex');
  const kept = Buffer.from(hash ?? '0'.repeat(64), 'hex');
  return timingSafeEqual(given, kept) && hash !== null;
}
