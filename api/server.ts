import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { SecureVersion } from 'node:tls';
import { getRequestListener } from '@hono/node-server';
import { secured } from './headers.ts';
import { Incoming } from './incoming.ts';
import { createKeptPolls } from './kept-polls.ts';
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

function listenerOf(app: App) {
  const polls = createKeptPolls();
  const whole = getRequestListener(
    async (request, env) => secured(await app.fetch(request, { ...env, keep: polls.keep })),
    { errorHandler: answerBroken },
  );
  return (request: IncomingMessage, response: ServerResponse) => {
    if (!polls.answer(request, response)) void whole(request, response);
  };
}

/** Serves the app; the caller listens. */
export function createHttpServer(app: App): Server {
  const server = createServer(LIMITS, listenerOf(app));
  answerMalformed(server);
  return server;
}

/** Client certificates are asked for and not demanded: a device may show its own before MQTT over WebSocket. */
export function createHttpsServer(
  app: App,
  tls: { keyPem: string; certPem: string; caPem: string; minVersion: SecureVersion },
): SecureServer {
  const { keyPem, certPem, caPem, minVersion } = tls;
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
  const server = createSecureServer(options, listenerOf(app));
  answerMalformed(server);
  return server;
}
