import { createServer, type Server, type ServerOptions } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { SecureVersion } from 'node:tls';
import { getRequestListener } from '@hono/node-server';
import { secured } from './headers.ts';
import { Incoming } from './incoming.ts';
import { answerBroken, answerMalformed } from './malformed.ts';

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
  // Node would answer a missing one without a word: the listener refuses it as it does a bad one.
  requireHostHeader: false,
};

const listenerOf = (app: App) =>
  getRequestListener(async (request, env) => secured(await app.fetch(request, env)), {
    errorHandler: answerBroken,
  });

/** Serves the app; the caller listens. */
export function createHttpServer(app: App): Server {
  const listener = listenerOf(app);
  const server = createServer(LIMITS, (request, response) => void listener(request, response));
  answerMalformed(server);
  return server;
}

/** Client certificates are asked for and not demanded: a device may show its own before MQTT over WebSocket. */
export function createHttpsServer(
  app: App,
  tls: { keyPem: string; certPem: string; caPem: string; minVersion: SecureVersion },
): SecureServer {
  const { keyPem, certPem, caPem, minVersion } = tls;
  const listener = listenerOf(app);
  const options = {
    ...LIMITS,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    key: keyPem,
    cert: certPem,
    ca: caPem,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion,
  };
  const server = createSecureServer(options, (request, response) => void listener(request, response));
  answerMalformed(server);
  return server;
}
