import type { Dispatch } from './dispatch.ts';
import type { EngineClient } from './engine/types.ts';

const FLUSH_POLL_MS = 10;

/** Nothing more is read; waits for what was accepted to be stored and acknowledged, at most so long. */
export async function quiesce(
  clients: readonly EngineClient[],
  dispatch: Pick<Dispatch, 'idle'>,
  milliseconds: number,
): Promise<void> {
  const deadline = Date.now() + milliseconds;
  for (const client of clients) client.pause();
  await dispatch.idle(milliseconds);
  // The acknowledgements must have left before the sockets close.
  while (clients.some(({ conn }) => conn.writableLength > 0 && !conn.destroyed) && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, FLUSH_POLL_MS));
  }
}
