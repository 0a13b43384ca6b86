import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { issuedAt } from '../certs/serial.ts';
import type { ClientAddresses } from '../db/domain/client-address.ts';

/** What is known of a connection before its CONNECT. */
export interface ConnectionInfo {
  /** Remote IP address. */
  address: string;
  /** A client certificate of our CA. */
  certificate: { name: string; issuedAt: number } | null;
}

/** `request`: the upgrade that a WebSocket came from. */
export function socketOf(conn: Duplex, request: IncomingMessage | undefined): Socket {
  return request?.socket ?? (conn as Socket);
}

export function connectionInfo(
  clients: ClientAddresses,
  conn: Duplex,
  request?: IncomingMessage,
): ConnectionInfo {
  const socket = socketOf(conn, request);
  const address = request === undefined ? clients.ofSocket(socket) : clients.ofRequest(request);
  return { address, certificate: certificateOf(socket) };
}

function certificateOf(socket: Socket): ConnectionInfo['certificate'] {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return null;
  const { subject, serialNumber } = socket.getPeerCertificate();
  const name: string | string[] | undefined = subject?.CN;
  return typeof name === 'string' ? { name, issuedAt: issuedAt(serialNumber) } : null;
}
