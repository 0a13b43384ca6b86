import { setTimeout as sleep } from 'node:timers/promises';
import { LoadClient } from './client.ts';
import { Histogram } from './histogram.ts';
import type { ClientSpec, Connected, ConnectOptions, Load, LoadResult, Target } from './protocol.ts';

const TICK_MS = 1;
/** How long what was sent may take to be acknowledged after the window. */
const DRAIN_MS = 30_000;
const RETRY_MS = 1000;

/** All clients of one load process. */
export function createCrowd() {
  let clients: LoadClient[] = [];
  const latency = new Histogram();
  let measuring = false;
  /** Closed loop: each acknowledgement makes room for a message. */
  let refill = false;
  const tally = { sent: 0, acked: 0, inWindow: 0, withheld: 0, closed: 0 };
  /** Clients that were acknowledged something in this turn of the loop, and how much. */
  const answered = new Map<LoadClient, number>();

  const sendAnswered = () => {
    for (const [client, count] of answered) tally.sent += client.send(count);
    answered.clear();
  };

  const onAck = (client: LoadClient, sentAt: number) => {
    tally.acked++;
    if (measuring) {
      tally.inWindow++;
      latency.add(performance.now() - sentAt);
    }
    if (!refill) return;
    if (answered.size === 0) setImmediate(sendAnswered);
    answered.set(client, (answered.get(client) ?? 0) + 1);
  };
  const events = { onAck, onClosed: () => void tally.closed++ };

  const connect = async (
    target: Target,
    specs: readonly ClientSpec[],
    payload: string,
    { atOnce = 200, limitMs = 30_000, totalMs = 120_000 }: ConnectOptions,
  ): Promise<Connected> => {
    if (clients.length === 0) clients = specs.map((spec, i) => new LoadClient(spec, payload, i, events));
    const waiting = clients.filter(({ open }) => !open).reverse();
    const took = new Histogram();
    let failures = 0;
    const began = performance.now();
    const one = async (client: LoadClient) => {
      while (performance.now() - began < totalMs) {
        const started = performance.now();
        try {
          await client.connect(target, limitMs);
          took.add(performance.now() - started);
          return;
        } catch {
          failures++;
          await sleep(RETRY_MS * (1 + Math.random()));
        }
      }
    };
    const lane = async () => {
      for (let client = waiting.pop(); client !== undefined; client = waiting.pop()) await one(client);
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, waiting.length) }, lane));
    const milliseconds = performance.now() - began;
    return {
      connected: clients.filter(({ open }) => open).length,
      failures,
      milliseconds,
      latency: took.summary(),
    };
  };

  /** Open loop. Gives the way to stop. */
  const sendAtRate = (rate: number): (() => void) => {
    const began = performance.now();
    let due = 0;
    let turn = 0;
    const timer = setInterval(() => {
      const until = ((performance.now() - began) / 1000) * rate;
      for (; due < until; due++) {
        if (clients[turn]?.send(1) === 1) tally.sent++;
        else tally.withheld++;
        turn = (turn + 1) % clients.length;
      }
    }, TICK_MS);
    return () => clearInterval(timer);
  };

  const run = async (load: Load, warmUpMs: number, measureMs: number): Promise<LoadResult> => {
    Object.assign(tally, { sent: 0, acked: 0, inWindow: 0, withheld: 0, closed: 0 });
    latency.clear();
    let stop = () => {
      refill = false;
    };
    if ('rate' in load) stop = sendAtRate(load.rate);
    else {
      refill = true;
      for (const client of clients) tally.sent += client.send(load.inFlight);
    }
    await sleep(warmUpMs);
    measuring = true;
    const began = performance.now();
    await sleep(measureMs);
    measuring = false;
    const windowMs = performance.now() - began;
    stop();
    const deadline = performance.now() + DRAIN_MS;
    while (clients.some(({ open, unacked }) => open && unacked > 0) && performance.now() < deadline)
      await sleep(5);
    const { sent, acked, inWindow, withheld, closed } = tally;
    return { sent, acked, ackedInWindow: inWindow, windowMs, latency: latency.summary(), withheld, closed };
  };

  const disconnect = async (): Promise<null> => {
    for (const client of clients) client.close();
    clients = [];
    // The ends of many sockets take a few turns of the loop.
    await sleep(50);
    return null;
  };

  return { connect, run, disconnect };
}
