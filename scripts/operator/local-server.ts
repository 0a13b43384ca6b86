import { existsSync, readFileSync } from 'node:fs';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { join } from 'node:path';
import { type Config, loadConfig, loadEnvFile } from '../../config/index.ts';
import { operatorToken } from '../../db/accounts/operator.ts';

const TIMEOUT_MS = 10_000;

export interface LocalServer {
  /** Throws with what the server said when it refuses. */
  call<T>(method: string, path: string, body?: object): Promise<T>;
}

/** The configuration of the server in this folder, read as the server reads it. */
export function localConfig(): Config {
  loadEnvFile(process.cwd());
  return loadConfig(process.env);
}

function urlOf({ listeners: { http, https } }: Config): string {
  const host = (name: string) => (name === '0.0.0.0' || name === '::' ? 'localhost' : name);
  if (http.port !== 'off' && http.port !== 0) return `http://${host(http.host)}:${http.port}`;
  if (https.port !== 'off' && https.port !== 0) return `https://localhost:${https.port}`;
  throw new Error('no port of the server is known: tell it with --url http://127.0.0.1:PORT');
}

function secretOf(config: Config): string {
  const path = join(config.dataDir, 'jwt.secret');
  if (config.jwtSecret !== null) return config.jwtSecret;
  if (!existsSync(path)) {
    throw new Error(
      `${path} is not there: run this where the server runs, after its first start, or set DATA_DIR`,
    );
  }
  return readFileSync(path, 'utf8').trim();
}

/** The server that runs on this machine, spoken to with the right of whoever can read its secrets. */
export function localServer(config: Config, givenUrl?: string): LocalServer {
  const base = givenUrl ?? urlOf(config);
  const caPath = join(config.dataDir, 'certs', 'ca.crt');
  const ca = existsSync(caPath) ? readFileSync(caPath) : undefined;

  return {
    call: async <T>(method: string, path: string, body?: object): Promise<T> => {
      const token = await operatorToken(secretOf(config));
      const url = new URL(path, base);
      const content = body === undefined ? undefined : JSON.stringify(body);
      const options = {
        method,
        timeout: TIMEOUT_MS,
        headers: {
          Authorization: `Bearer ${token}`,
          ...(content !== undefined && { 'Content-Type': 'application/json' }),
        },
        ...(url.protocol === 'https:' && config.tlsFiles === null && ca !== undefined && { ca }),
      };
      const send = url.protocol === 'https:' ? requestHttps : requestHttp;
      const { status, text } = await new Promise<{ status: number; text: string }>((resolve, reject) => {
        const request = send(url, options, (response) => {
          let read = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            read += chunk;
          });
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text: read }));
        });
        request.on('timeout', () => request.destroy(new Error('no answer in time')));
        request.on('error', (error) => {
          reject(
            new Error(`no server answers at ${base} (${error.message}): is it running? --url tells another`),
          );
        });
        request.end(content);
      });
      const answer = (text === '' ? {} : JSON.parse(text)) as T & { error?: string };
      if (status >= 400) throw new Error(`the server refuses: ${answer.error ?? status}`);
      return answer;
    },
  };
}
