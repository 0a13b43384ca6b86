import type { Duplex } from 'node:stream';

/** Whoever does not read any more is not waited for. */
const LIMIT_MS = 1000;

/**
 * TLS ends with a word of its own (close_notify). A client that misses it takes the end for an attack: libmosquitto with
 * OpenSSL 3 then gives up, and does not come back. Resolves once it is on its way.
 */
export function farewell(conn: Duplex): Promise<void> {
  return new Promise((resolve) => {
    if (!('encrypted' in conn) || !conn.writable || conn.writableLength > 0) {
      resolve();
      return;
    }
    const timer = setTimeout(resolve, LIMIT_MS);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    conn.once('close', done);
    conn.end(done);
  });
}
