import { createServer, type Server, type Socket } from 'node:net';
import {
  createServer as createTlsServer,
  type SecureVersion,
  type TLSSocket,
  type Server as TlsServer,
} from 'node:tls';
import type { ClientAddresses } from '../db/domain/client-address.ts';
import type { Log } from '../db/domain/ports.ts';
import { createRepeats } from '../db/domain/repeats.ts';
import { monotonic } from '../db/domain/time.ts';
import { handshakeWords } from './handshake-words.ts';

const HANDSHAKE_TIMEOUT_MS = 10_000;
/** The same failure of an address is told once within this, for so many of them. */
const LOG_WINDOW_MS = 60_000;
const MAX_LOGGED = 100;
/** A half-open TCP connection is found out after this at the earliest, whatever its keepalive says. */
const TCP_KEEPALIVE_MS = 60_000;

/** Connections that may wait to be accepted: after a power cut all devices come at once. The system has a limit of its own. */
const BACKLOG = 4096;

export interface Address {
  host: string;
  port: number | 'off';
}

/** PEM. */
export interface TlsMaterial {
  keyPem: string;
  certPem: string;
  caPem: string;
  minVersion: SecureVersion;
}

/** The version is told every time: without it a changed context would let older ones in again. */
const contextOf = ({ keyPem, certPem, caPem, minVersion }: TlsMaterial) => ({
  key: keyPem,
  cert: certPem,
  ca: caPem,
  minVersion,
});

/** For connections from now on; those that are open stay as they are. */
export function replaceMaterial(server: TlsServer, tls: TlsMaterial): void {
  server.setSecureContext(contextOf(tls));
}

/** It knows where it came from after its client has left, too. */
const beneath = (socket: TLSSocket & { _parent?: Socket }): Socket => socket._parent ?? socket;

function prepare(socket: Socket): Socket {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, TCP_KEEPALIVE_MS);
  return socket;
}

export function createTcpListener(onConnection: (socket: Socket) => void): Server {
  return createServer((socket) => onConnection(prepare(socket)));
}

/** Client certificates are asked for and not demanded: who comes without one logs in with a password. */
export function createTlsListener(
  tls: TlsMaterial,
  onConnection: (socket: TLSSocket) => void,
  { clients, log }: { clients: ClientAddresses; log: Log },
): TlsServer {
  const server = createTlsServer(
    {
      ...contextOf(tls),
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    },
    (socket) => {
      prepare(socket);
      onConnection(socket);
    },
  );
  const isNew = createRepeats({ windowMs: LOG_WINDOW_MS, maxKeys: MAX_LOGGED, now: monotonic });
  server.on('tlsClientError', (error, socket) => {
    const address = clients.ofSocket(socket) || clients.ofSocket(beneath(socket));
    const why = handshakeWords(error);
    if (isNew(`${address} ${why}`)) log.info({ address, why }, 'TLS handshake failed');
    else log.debug({ err: error, address }, 'TLS handshake failed');
    // One that came to no end in time is left open otherwise.
    socket.destroy();
  });
  return server;
}

/** A listener could not be opened; the message says which, and what to do. */
export class ListenError extends Error {}

/** Resolves with the bound port. Errors say which listener and what to do. */
export function listen(server: Server, name: string, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => {
      const variable = name.toUpperCase();
      const hint =
        error.code === 'EADDRINUSE'
          ? `port ${port} is in use: stop what uses it, or set ${variable}_PORT`
          : `${error.message}: check ${variable}_HOST and ${variable}_PORT`;
      reject(new ListenError(`${name} cannot listen on ${host}: ${hint}`, { cause: error }));
    };
    server.once('error', fail);
    server.listen({ port, host, backlog: BACKLOG }, () => {
      server.off('error', fail);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
