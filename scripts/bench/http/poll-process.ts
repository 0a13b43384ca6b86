import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAnswerReader, etagOf, requestBytes } from '../../../test/helpers/raw-http.ts';
import type { PollOrder, PollResult } from './poll-load.ts';

/** One connection that asks again as soon as it has been answered. */
function startPoller(
  { port, path, token, follow }: PollOrder,
  onAnswer: (status: number) => boolean,
): Socket {
  const caller = token === null ? {} : { token };
  const socket = connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  let request = requestBytes({ path, ...caller });
  const read = createAnswerReader(({ status, head }) => {
    const etag = follow && status === 200 ? etagOf(head) : null;
    if (etag !== null) request = requestBytes({ path, etag, ...caller });
    if (onAnswer(status)) socket.write(request);
  });
  socket.on('data', read);
  socket.on('connect', () => socket.write(request));
  return socket;
}

async function poll(order: PollOrder): Promise<PollResult> {
  const statuses: Record<number, number> = {};
  const enough = new AbortController();
  let answers = 0;
  const began = performance.now();
  const sockets = Array.from({ length: order.connections }, () =>
    startPoller(order, (status) => {
      if (enough.signal.aborted) return false;
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (++answers >= order.atMost) enough.abort();
      return !enough.signal.aborted;
    }),
  );
  await sleep(order.milliseconds, null, { signal: enough.signal }).catch(() => {});
  enough.abort();
  const milliseconds = performance.now() - began;
  const closed = sockets.map((socket) => once(socket, 'close'));
  for (const socket of sockets) socket.destroy();
  await Promise.all(closed);
  return { milliseconds, statuses };
}

process.on('message', (order: PollOrder) => {
  void poll(order).then((result) => process.send?.(result));
});
