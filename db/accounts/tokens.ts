import { createSecretKey, randomUUID } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';

/** What a token says of itself once its signature has been found right. It may have expired or been ended. */
export interface TokenClaims {
  userId: number;
  /** `users.token_version` when it was issued. */
  version: number;
  /** `jti` */
  tokenId: string;
  /** Milliseconds. */
  expiresAt: number;
}

export interface IssuedToken {
  token: string;
  tokenId: string;
  expiresAt: Date;
}

export interface Tokens {
  issue(user: { id: number; username: string; role: string; tokenVersion: number }): Promise<IssuedToken>;
  /** The claims of a token that this installation signed, or null. */
  read(token: string): Promise<TokenClaims | null>;
}

export interface TokensOptions {
  /** HS256 key, at least 32 bytes. */
  secret: string | Uint8Array;
  expiresInMs: number;
  /** Milliseconds. */
  now: () => number;
  /** Verified tokens kept in memory; a signature costs more than all else of a request. */
  remembered?: number;
}

const ALGORITHM = 'HS256';
const MAX_TOKEN_LENGTH = 4096;

export function createTokens({ secret, expiresInMs, now, remembered = 10_000 }: TokensOptions): Tokens {
  const key = createSecretKey(Buffer.from(secret));
  /** Least recently used first. */
  const known = new Map<string, TokenClaims>();

  const remember = (token: string, claims: TokenClaims) => {
    known.delete(token);
    if (claims.expiresAt <= now()) return;
    known.set(token, claims);
    if (known.size <= remembered) return;
    const [oldest] = known.keys();
    if (oldest !== undefined) known.delete(oldest);
  };

  const verified = async (token: string): Promise<TokenClaims | null> => {
    try {
      // Whether it has expired is asked at each use, not once: here only the signature counts.
      const { payload } = await jwtVerify(token, key, { algorithms: [ALGORITHM], currentDate: new Date(0) });
      const { sub, jti, exp, ver } = payload;
      if (sub === undefined || jti === undefined || exp === undefined || typeof ver !== 'number') return null;
      return { userId: Number(sub), version: ver, tokenId: jti, expiresAt: exp * 1000 };
    } catch (error) {
      if (error instanceof errors.JOSEError) return null;
      throw error;
    }
  };

  return {
    issue: async ({ id, username, role, tokenVersion }) => {
      const tokenId = randomUUID();
      const issuedAt = Math.floor(now() / 1000);
      const expires = Math.floor((now() + expiresInMs) / 1000);
      const token = await new SignJWT({ username, role, ver: tokenVersion })
        .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
        .setSubject(String(id))
        .setJti(tokenId)
        .setIssuedAt(issuedAt)
        .setExpirationTime(expires)
        .sign(key);
      return { token, tokenId, expiresAt: new Date(expires * 1000) };
    },
    read: async (token) => {
      if (token.length > MAX_TOKEN_LENGTH) return null;
      const claims = known.get(token) ?? (await verified(token));
      if (claims !== null) remember(token, claims);
      return claims;
    },
  };
}

/** Three base64url parts, the first of which opens a JSON object. */
export const looksLikeToken = (text: string) => /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(text);
