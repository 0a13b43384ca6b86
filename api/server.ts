import { createServer, type Server, type ServerOptions } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { SecureVersion } from 'node:tls';
import { getRequestListener } from '@hono/node-server';
import { Incoming } from './incoming.ts';

/** An app that polls every 10 s keeps its connection. */
const KEEP_ALIVE_MS = 30_000;
/** From the first byte to the end of the headers, and to the end of the body. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** How often those times are looked at: a silent connection lasts little longer than the first. */
const CHECK_EVERY_MS = 2000;
const HANDSHAKE_TIMEOUT_MS = 10_000;
const MAX_HEADER_BYTES = 16 * 1024;

interface App {
  fetch(request: Request, env?: unknown): Response | Promise<Response>;
}

const LIMITS: ServerOptions = {
  IncomingMessage: Incoming,
  keepAliveTimeout: KEEP_ALIVE_MS,
  headersTimeout: HEADERS_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  connectionsCheckingInterval: CHECK_EVERY_MS,
  maxHeaderSize: MAX_HEADER_BYTES,
};

const listenerOf = (app: App) => getRequestListener((request, env) => app.fetch(request, env));

/** Serves the app; the caller listens. */
export function createHttpServer(app: App): Server {
  const listener = listenerOf(app);
  return createServer(LIMITS, (request, response) => void listener(request, response));
}

export function createHttpsServer(
  app: App,
  tls: { keyPem: string; certPem: string; minVersion: SecureVersion },
): SecureServer {
  const { keyPem, certPem, minVersion } = tls;
  const listener = listenerOf(app);
  const options = {
    ...LIMITS,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    key: keyPem,
    cert: certPem,
    minVersion,
  };
  return createSecureServer(options, (request, response) => void listener(request, response));
}
