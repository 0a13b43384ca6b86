import type { Duplex } from 'node:stream';
import type { EngineClient } from './types.ts';

/** A client that takes nothing for so long while it is sent what was kept for it is disconnected. */
const STUCK_MS = 30_000;

/** Whoever waits for the same connection shares its listeners. */
const waits = new WeakMap<Duplex, Promise<void>>();

function drained(conn: Duplex): Promise<void> {
  const known = waits.get(conn);
  if (known !== undefined) return known;
  const made = new Promise<void>((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      conn.off('drain', finish);
      conn.off('close', finish);
      waits.delete(conn);
      resolve();
    };
    const before = conn.writableLength;
    const timer = setTimeout(() => {
      if (conn.writableLength >= before) conn.destroy();
      finish();
    }, STUCK_MS);
    conn.on('drain', finish);
    conn.on('close', finish);
  });
  waits.set(conn, made);
  return made;
}

/** Resolves once there is room for more in what the client has yet to read. false: it has gone. */
async function roomToWrite({ conn, maxUnread }: EngineClient): Promise<boolean> {
  while (!conn.destroyed && conn.writableLength > maxUnread / 2) await drained(conn);
  return !conn.destroyed;
}

/**
 * Retained and queued messages at the pace at which the client reads: of these, unlike of live ones, none is dropped.
 * Ends when the client has gone, however many are left.
 */
export async function* atReadingPace<T>(client: EngineClient, packets: Iterable<T>): AsyncGenerator<T> {
  for (const packet of packets) {
    if (!(await roomToWrite(client))) return;
    yield packet;
  }
}

const turns = new WeakMap<EngineClient, Promise<void>>();

/** As `atReadingPace`; what one client asks for together comes one after the other. */
export async function* inTurn<T>(client: EngineClient, packets: Iterable<T>): AsyncGenerator<T> {
  const before = turns.get(client);
  let end = () => {};
  const turn = new Promise<void>((resolve) => {
    end = resolve;
  });
  turns.set(client, turn);
  await before;
  try {
    yield* atReadingPace(client, packets);
  } finally {
    if (turns.get(client) === turn) turns.delete(client);
    end();
  }
}
