import { setTimeout as sleep } from 'node:timers/promises';
import type { AckQueue } from './acks.ts';
import type { EngineClient } from './engine/types.ts';
import { farewell } from './farewell.ts';

const LOOK_EVERY_MS = 10;
/** What a client is owed takes a commit. One that does not read its answers is not waited for. */
const ANSWERS_LIMIT_MS = 4000;

export interface SendAwayDeps {
  clients: () => readonly EngineClient[];
  acksOf: (client: EngineClient) => AckQueue | undefined;
}

/**
 * Ends connections one after the other, each at a time of its own within `milliseconds`, so that those who come back at
 * once do not all come at once. What a client has sent is stored and acknowledged first. Its will is published, as the
 * standard demands [MQTT-3.1.2-8]: a client that comes back tells that it does.
 */
export async function sendAway(
  { clients, acksOf }: SendAwayDeps,
  milliseconds: number,
  signal: AbortSignal,
): Promise<void> {
  const begun = performance.now();
  const due = clients()
    .map((client) => ({ client, at: begun + Math.random() * milliseconds }))
    .sort((a, b) => a.at - b.at);
  const going = new Set<Promise<void>>();

  const end = async (client: EngineClient) => {
    client.pause();
    const deadline = performance.now() + ANSWERS_LIMIT_MS;
    const isOwed = () => acksOf(client)?.idle === false || client.conn.writableLength > 0;
    // At least one turn: what was read just now is on its way through the broker.
    do await sleep(LOOK_EVERY_MS);
    while (!client.conn.destroyed && isOwed() && performance.now() < deadline);
    await farewell(client.conn);
    client.close();
  };

  for (const { client, at } of due) {
    await sleep(Math.max(0, at - performance.now()), undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    const gone = end(client).finally(() => going.delete(gone));
    going.add(gone);
  }
  await Promise.all(going);
}
