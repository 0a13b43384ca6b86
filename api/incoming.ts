import { IncomingMessage } from 'node:http';

/**
 * A request whose `Upgrade` counts only where it asks for a WebSocket: any other, `h2c` of curl and Java above all, is
 * ignored, and the request answered as it is (RFC 9110, 7.8). Node 20 knows only all or none for a server; it sets
 * `upgrade` once it has read the headers, and looks at it after that.
 */
export class Incoming extends IncomingMessage {
  #asked = false;

  get upgrade(): boolean {
    const { method, headers } = this;
    return this.#asked && (method === 'CONNECT' || headers.upgrade?.toLowerCase() === 'websocket');
  }

  set upgrade(asked: boolean | null) {
    // The constructor above sets it before there is anything to keep it in.
    if (#asked in this) this.#asked = asked === true;
  }
}
