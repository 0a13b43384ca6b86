import type { Readable } from 'node:stream';
import type { EngineClient } from './types.ts';

/** A client that takes nothing for so long while it is sent what was kept for it is disconnected. */
const STUCK_MS = 30_000;

/** Resolves once there is room for more in what the client has yet to read. false: it has gone. */
async function roomToWrite({ conn, maxUnread }: EngineClient): Promise<boolean> {
  while (!conn.destroyed && conn.writableLength > maxUnread / 2) {
    await new Promise<void>((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        conn.off('drain', finish);
        conn.off('close', finish);
        resolve();
      };
      const timer = setTimeout(() => {
        conn.destroy();
        finish();
      }, STUCK_MS);
      conn.on('drain', finish);
      conn.on('close', finish);
    });
  }
  return !conn.destroyed;
}

/**
 * Retained and queued messages at the pace at which the client reads: of these, unlike of live ones, none is dropped.
 * Ends when the client has gone, however many are left.
 */
export async function* atReadingPace<T>(
  client: EngineClient,
  packets: Readable | Iterable<T>,
): AsyncGenerator<T> {
  for await (const packet of packets) {
    if (!(await roomToWrite(client))) return;
    yield packet as T;
  }
}
