import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';

/** What is known of a connection before its CONNECT. */
export interface ConnectionInfo {
  /** Remote IP address. */
  address: string;
  /** CN of a client certificate of our CA. */
  certificateName: string | null;
}

/** `request`: the upgrade that a WebSocket came from. */
export function connectionInfo(conn: Duplex, request?: IncomingMessage): ConnectionInfo {
  const socket = request?.socket ?? conn;
  const address = 'remoteAddress' in socket ? String(socket.remoteAddress ?? '') : '';
  return { address: address.replace(/^::ffff:/, ''), certificateName: certificateName(conn) };
}

function certificateName(conn: Duplex): string | null {
  if (!(conn instanceof TLSSocket) || !conn.authorized) return null;
  const name: string | string[] | undefined = conn.getPeerCertificate().subject?.CN;
  return typeof name === 'string' ? name : null;
}
