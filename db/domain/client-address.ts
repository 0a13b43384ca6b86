import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';

export type Ends = Pick<Socket, 'remoteAddress' | 'remotePort' | 'localAddress' | 'localPort'>;

export interface Requested {
  socket: Ends;
  headers: IncomingHttpHeaders;
}

/** From where a client really comes, though a load balancer stands between. Plain addresses; '' once a socket is closed. */
export interface ClientAddresses {
  ofSocket(socket: Ends): string;
  ofRequest(request: Requested): string;
  /** From this machine itself, and not through a proxy. */
  isLocal(request: Requested): boolean;
}
