import { join } from 'node:path';
import { readOwn } from '../../certs/own.ts';
import { type Config, loadConfig, loadEnvFile } from '../../config/index.ts';
import { operatorToken } from '../../db/accounts/operator.ts';
import { AwayError, exchange, foreign, type Trust } from './exchange.ts';
import { readServerFile } from './server-file.ts';
import { UsageError } from './usage.ts';

export interface LocalServer {
  /**
   * `field`: one that the answer has. `body`: text is JSON already. `timeoutMs`: of silence. Throws with what the server
   * said when it refuses, an AwayError where the same may succeed later.
   */
  call<T>(
    method: string,
    path: string,
    field: keyof T & string,
    body?: object | string,
    timeoutMs?: number,
  ): Promise<T>;
}

/** The database is away, or too much is asked at once. */
const LATER = new Set([429, 503]);

/** The configuration of the server in this folder, read as the server reads it. */
export function localConfig(): Config {
  loadEnvFile(process.cwd());
  return loadConfig(process.env, { readFiles: false });
}

/** Of the server that has this configuration. */
export function urlOf({ listeners: { http, https } }: Config): string {
  const host = (name: string) => {
    if (name === '0.0.0.0' || name === '::') return 'localhost';
    return name.includes(':') ? `[${name}]` : name;
  };
  if (http.port !== 'off' && http.port !== 0) return `http://${host(http.host)}:${http.port}`;
  if (https.port !== 'off' && https.port !== 0) return `https://${host(https.host)}:${https.port}`;
  throw new Error('no port of the server is known: tell it with --url http://127.0.0.1:PORT');
}

export function checkedUrl(text: string): string {
  const known = URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
  if (!known) throw new UsageError('--url must be such as http://127.0.0.1:3000 or https://box.local:8443');
  return new URL(text).origin;
}

const secretOf = ({ jwtSecret, dataDir }: Config): string =>
  jwtSecret ?? readServerFile(dataDir, 'jwt.secret', ', or JWT_SECRET if the server has one').trim();

export function trustIn({ dataDir, tlsFiles }: Config): Trust {
  if (tlsFiles === null) return { ca: readServerFile(dataDir, join('certs', 'ca.crt')) };
  try {
    return { pinned: readOwn(tlsFiles).certificate.fingerprint256 };
  } catch {
    // The server may have read it before it was spoilt: the system's trust is left.
    return {};
  }
}

interface Body {
  error?: unknown;
  code?: unknown;
}

function parsed(text: string): Body | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

/** The server that runs on this machine, spoken to with the right of whoever can read its secrets. */
export function localServer(config: Config, givenUrl?: string): LocalServer {
  const base = givenUrl === undefined ? urlOf(config) : checkedUrl(givenUrl);

  return {
    call: async <T>(
      method: string,
      path: string,
      field: keyof T & string,
      body?: object | string,
      timeoutMs?: number,
    ): Promise<T> => {
      const token = await operatorToken(secretOf(config));
      const headers = {
        Authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
      };
      const request = {
        ...{ method, path, headers },
        ...(body !== undefined && { content: typeof body === 'string' ? body : JSON.stringify(body) }),
        ...(timeoutMs !== undefined && { timeoutMs }),
      };
      const { status, text } = await exchange(base, request, () => trustIn(config));
      const answer = parsed(text);
      if (status >= 200 && status < 300 && answer !== null && field in answer) return answer as T;
      if (typeof answer?.code !== 'string' || typeof answer.error !== 'string') {
        throw foreign(base, `it answers ${status}, and nothing of ours`);
      }
      if (answer.code === 'UNAUTHORIZED') {
        throw new Error(
          `the server at ${base} has another JWT_SECRET or DATA_DIR than this command: set both as the server has them`,
        );
      }
      const refusal = `the server refuses: ${answer.error}`;
      throw LATER.has(status) ? new AwayError(refusal) : new Error(refusal);
    },
  };
}
