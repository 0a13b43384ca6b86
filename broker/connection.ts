import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { isForClients } from '../certs/clients.ts';
import { issuedAt } from '../certs/serial.ts';
import type { ClientAddresses } from '../db/domain/client-address.ts';
import type { Clock } from '../db/domain/clock.ts';

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
  request: IncomingMessage | undefined,
  isOfUse: CertificateCheck,
): ConnectionInfo {
  const socket = socketOf(conn, request);
  const address = request === undefined ? clients.ofSocket(socket) : clients.ofRequest(request);
  return { address, certificate: certificateOf(socket, isOfUse) };
}

function certificateOf(socket: Socket, isOfUse: CertificateCheck): ConnectionInfo['certificate'] {
  if (!(socket instanceof TLSSocket) || !isOfUse(socket)) return null;
  const { subject, serialNumber } = socket.getPeerCertificate();
  const name: string | string[] | undefined = subject?.CN;
  return typeof name === 'string' ? { name, issuedAt: issuedAt(serialNumber) } : null;
}

/** Does the certificate of whoever connects count? */
export type CertificateCheck = (socket: TLSSocket) => boolean;

/**
 * After a power cut a box without a clock takes every certificate for one of the future. Where that alone is the matter, it
 * is believed; all else is looked at once more, since OpenSSL tells the last fault alone.
 */
export const createCertificateCheck =
  ({ clock, caBundle }: { clock: Pick<Clock, 'trusted'>; caBundle: () => string }): CertificateCheck =>
  (socket) => {
    if (socket.authorized) return true;
    // A string, whatever Node's types say.
    if (String(socket.authorizationError) !== 'CERT_NOT_YET_VALID' || clock.trusted()) return false;
    const certificate = socket.getPeerX509Certificate();
    return certificate !== undefined && isForClients(certificate, caBundle());
  };
