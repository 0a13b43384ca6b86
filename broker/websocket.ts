import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws';
import type { Limits } from '../db/domain/limits.ts';
import { monotonic } from '../db/domain/time.ts';
import { guardFrames } from './frame-guard.ts';
import type { Taken } from './intake.ts';
import { SlicedSocket } from './sliced.ts';

/** As a library writes it that puts a path together; a query after it is left alone. */
const PATH = /^\/mqtt\/?(\?|$)/;
const SUBPROTOCOLS = ['mqtt', 'mqttv3.1'];

/** Frames may split or join packets: one message holds the largest, and small ones that are sent along. */
const BYTES_BESIDE_A_PACKET = 64 * 1024;
/** A client may send a long message in pieces. Each that is kept costs up to a slice of the socket. */
const MAX_FRAGMENTS = 32;
/** Pieces that a message may come in from the network: 160 bytes each for the longest. */
const MAX_CHUNKS = 2048;
/** For the answer to a refusal, and for the other side of a closing handshake, to come through. */
const FAREWELL_MS = 2000;
const NOTHING = Buffer.alloc(0);

/** The HTTP server has let go of the socket: nobody else would ever end it. */
function refuse(socket: Duplex, status: string): void {
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

type Chunk = { chunk: Buffer; encoding: BufferEncoding };

/** A byte stream over the binary frames of a WebSocket [MQTT-6.0.0-1]; a text frame ends it. */
function streamOf(ws: WebSocket): Duplex {
  const stream = createWebSocketStream(ws, { readableHighWaterMark: 64 * 1024 });
  const { _write } = stream;
  // Once it has begun to close, nobody reads answers any more, and what came before is still to be dealt with.
  stream._write = (chunk, encoding, callback) => {
    if (ws.readyState === ws.OPEN) _write.call(stream, chunk, encoding, callback);
    else callback();
  };
  // What is written in one turn is one frame: a CONNACK would be four.
  stream._writev = (chunks: Chunk[], callback) => {
    stream._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'buffer' as BufferEncoding, callback);
  };
  ws.prependListener('message', (_data, isBinary) => {
    if (isBinary) return;
    ws.close(1003, 'MQTT needs binary frames');
    stream.destroy();
  });
  return stream;
}

/** Pages of other sites may not open a connection from a browser; what is no browser sends no origin. */
function isForeign({ headers: { origin, host } }: IncomingMessage, allowed: readonly string[]): boolean {
  if (origin === undefined || allowed.includes(origin)) return false;
  return !URL.canParse(origin) || new URL(origin).host !== host;
}

export interface WebSocketDeps {
  limits: Pick<Limits, 'packetBytes' | 'packetsPerSecond'>;
  /** Origins of web pages elsewhere that may connect. */
  corsOrigins: readonly string[];
}

/** MQTT over WebSocket on the servers that also answer REST. `accept` gives null to what it does not take. */
export function createWebSocketListener(
  accept: (stream: Duplex, request: IncomingMessage) => Taken | null,
  { limits: { packetBytes, packetsPerSecond }, corsOrigins }: WebSocketDeps,
) {
  const options = {
    noServer: true,
    maxPayload: packetBytes + BYTES_BESIDE_A_PACKET,
    maxFragments: MAX_FRAGMENTS,
    maxBufferedChunks: MAX_CHUNKS,
    closeTimeout: FAREWELL_MS,
    perMessageDeflate: false,
    handleProtocols: (offered: Set<string>) => SUBPROTOCOLS.find((name) => offered.has(name)) ?? false,
  };
  const wss = new WebSocketServer(options);

  const faultOf = (request: IncomingMessage): string | null => {
    if (!PATH.test(request.url ?? '')) return '404 Not Found';
    const offered = String(request.headers['sec-websocket-protocol'] ?? '').split(/\s*,\s*/);
    if (!SUBPROTOCOLS.some((name) => offered.includes(name))) return '400 Bad Request';
    return isForeign(request, corsOrigins) ? '403 Forbidden' : null;
  };

  return {
    attach(server: Server): void {
      server.on('upgrade', (request, socket, head) => {
        socket.on('error', () => socket.destroy());
        const timer = setTimeout(() => socket.destroy(), FAREWELL_MS);
        socket.once('close', () => clearTimeout(timer));
        const fault = faultOf(request);
        if (fault !== null) return refuse(socket, fault);
        socket.unshift(head);
        const sliced = new SlicedSocket(socket as Socket);
        wss.handleUpgrade(request, sliced, NOTHING, (ws) => {
          clearTimeout(timer);
          const taken = accept(streamOf(ws), request);
          if (taken !== null) guardFrames(ws, sliced, taken, { packetsPerSecond, now: monotonic });
        });
      });
    },
    stop(): void {
      for (const client of wss.clients) client.terminate();
      wss.close();
    },
  };
}
