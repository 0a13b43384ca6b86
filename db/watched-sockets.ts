import { connect as connectTo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type postgres from 'postgres';
import type { Log } from './domain/ports.ts';
import { atMost } from './domain/within.ts';

const LOOK_EVERY_MS = 5000;
/** Above the time that the server itself grants a statement. */
const ANSWER_LIMIT_MS = 10_000;
const CONNECT_LIMIT_MS = 5000;
/** Of silence, until the kernel asks whether the other machine is still there. */
const KEEP_ALIVE_MS = 10_000;

interface SocketOptions {
  host: string[];
  port: number[];
  /** Of a Unix socket. */
  path?: string | false;
}

/**
 * The driver's sockets, known here so that they can be broken: a server that hangs, or whose machine lost its power,
 * says nothing, and without an end to the connection what was asked would wait for minutes.
 */
export function createWatchedSockets() {
  const sockets = new Set<Socket>();
  let stopped = false;

  return {
    /**
     * For the `socket` option of postgres.js. The socket is still being connected: what is written waits in it, and
     * the driver learns of a failure by its end, as of any other. (A rejection here would leave the driver's
     * connection waiting for ever.)
     */
    open: ({ host: [host = 'localhost'], port: [port = 5432], path }: SocketOptions): Socket => {
      const socket = connectTo(path ? { path } : { host, port, keepAlive: true, noDelay: true });
      sockets.add(socket);
      socket.setTimeout(CONNECT_LIMIT_MS, () => {
        socket.destroy(Object.assign(new Error('the database does not answer'), { code: 'CONNECT_TIMEOUT' }));
      });
      socket.once('connect', () => {
        socket.setTimeout(0);
        // Ten unanswered probes, a second apart, end it: of use where nobody watches.
        socket.setKeepAlive(true, KEEP_ALIVE_MS);
      });
      socket.once('close', () => sockets.delete(socket));
      // The name that a certificate is checked against.
      return Object.assign(socket, { host, port });
    },

    /** Asks the server something now and then; breaks all connections when it does not answer. */
    watch: async (sql: postgres.Sql, log: Log): Promise<void> => {
      while (!stopped) {
        await sleep(LOOK_EVERY_MS, null, { ref: false });
        const answer = sql`select 1`.then(
          () => true,
          // Refused or closed: the driver knows. A connection that is not even taken up: it hangs.
          (error: NodeJS.ErrnoException) => error.code !== 'CONNECT_TIMEOUT',
        );
        const answered = await atMost(ANSWER_LIMIT_MS, answer, false);
        if (answered || stopped) continue;
        log.warn(
          { connections: sockets.size },
          'the database does not answer: its connections are broken off',
        );
        for (const socket of sockets) socket.destroy();
      }
    },

    stop: () => {
      stopped = true;
    },
  };
}
