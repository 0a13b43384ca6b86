import { once } from 'node:events';
import { type RequestOptions, request as send } from 'node:http';
import { isIP } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';

const TIMEOUT_MS = 10_000;
const AWAY = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'ETIMEDOUT',
]);

export interface Answer {
  status: number;
  text: string;
}

/** Whom a connection over TLS is believed to lead to. */
export interface Trust {
  /** PEM; the system's authorities when it is missing. */
  ca?: string;
  /** SHA-256 of the one certificate that is believed whatever its names, issuer and end: it was read from the disk. */
  pinned?: string;
}

/** The server does not answer, or cannot just now: the same may succeed later. */
export class AwayError extends Error {}

/** What answers is not the server. */
export const foreign = (base: string, why: string) =>
  new Error(`what answers at ${base} is not PM IoT (${why}): --url tells another`);

function explained(base: string, error: NodeJS.ErrnoException): Error {
  if (error.code === undefined || AWAY.has(error.code)) {
    return new AwayError(
      `no server answers at ${base} (${error.message}): is it running? --url tells another`,
    );
  }
  return foreign(base, error.message);
}

async function secured(url: URL, base: string, timeout: number, { ca, pinned }: Trust): Promise<TLSSocket> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const options: ConnectionOptions = { host, port: Number(url.port || 443), rejectUnauthorized: false };
  const socket = connect({
    ...options,
    ...(isIP(host) === 0 && { servername: host }),
    ...(ca !== undefined && { ca }),
  });
  socket.setTimeout(timeout, () => socket.destroy(new Error('no answer in time')));
  await once(socket, 'secureConnect').catch((error: NodeJS.ErrnoException) => {
    throw explained(base, error);
  });
  const isPinned = pinned !== undefined && socket.getPeerX509Certificate()?.fingerprint256 === pinned;
  if (!isPinned && !socket.authorized) {
    socket.destroy();
    throw new Error(
      `the certificate of the server at ${base} is not trusted (${String(socket.authorizationError)}): --url tells another address, TLS_CERT or DATA_DIR what it must be`,
    );
  }
  return socket;
}

/** One request and its answer. Errors say whether nothing answers, somebody else does, or the certificate is at fault. */
export async function exchange(
  base: string,
  {
    path,
    content,
    timeoutMs = TIMEOUT_MS,
    ...options
  }: Pick<RequestOptions, 'method' | 'headers'> & { path: string; content?: string; timeoutMs?: number },
  trust: () => Trust,
): Promise<Answer> {
  const url = new URL(path, base);
  const socket = url.protocol === 'https:' ? await secured(url, base, timeoutMs, trust()) : null;
  return new Promise((resolve, reject) => {
    const request = send(
      {
        ...options,
        timeout: timeoutMs,
        host: url.hostname.replace(/^\[|\]$/g, ''),
        port: url.port || 80,
        path: url.pathname + url.search,
        headers: { ...options.headers, Host: url.host, Connection: 'close' },
        ...(socket !== null && { createConnection: () => socket }),
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', (error) => reject(explained(base, error)));
      },
    );
    request.on('timeout', () => request.destroy(new Error('no answer in time')));
    request.on('error', (error) => reject(explained(base, error)));
    request.end(content);
  });
}
