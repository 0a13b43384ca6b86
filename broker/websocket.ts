import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws';

const PATH = '/mqtt';
const SUBPROTOCOLS = ['mqtt', 'mqttv3.1'];

/** Frames may split or join packets: one frame holds a few of the largest at most. */
const MAX_FRAME_BYTES = 1024 * 1024;

const refuse = (socket: Duplex, status: string) => {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
};

type Chunk = { chunk: Buffer; encoding: BufferEncoding };

/** A byte stream over the binary frames of a WebSocket [MQTT-6.0.0-1]; a text frame ends it. */
function streamOf(ws: WebSocket): Duplex {
  const stream = createWebSocketStream(ws, { readableHighWaterMark: 64 * 1024 });
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

/** MQTT over WebSocket on the servers that also answer REST. */
export function createWebSocketListener(
  onConnection: (stream: Duplex, request: IncomingMessage) => void,
  corsOrigins: readonly string[],
) {
  const wss = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
    handleProtocols: (offered) => SUBPROTOCOLS.find((name) => offered.has(name)) ?? false,
  });

  return {
    attach(server: Server): void {
      server.on('upgrade', (request, socket, head) => {
        socket.on('error', () => socket.destroy());
        const path = request.url?.split('?', 1)[0];
        if (path !== PATH) return refuse(socket, '404 Not Found');
        const offered = String(request.headers['sec-websocket-protocol'] ?? '').split(/\s*,\s*/);
        if (!SUBPROTOCOLS.some((name) => offered.includes(name))) return refuse(socket, '400 Bad Request');
        if (isForeign(request, corsOrigins)) return refuse(socket, '403 Forbidden');
        wss.handleUpgrade(request, socket, head, (ws) => onConnection(streamOf(ws), request));
      });
    },
    stop(): void {
      for (const client of wss.clients) client.terminate();
      wss.close();
    },
  };
}
