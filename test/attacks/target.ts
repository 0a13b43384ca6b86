import { type Socket, connect as tcp } from 'node:net';
import type { Ports } from '../helpers/server.ts';

/** What an attacker is given: an address, and log-ins that somebody could have come by. */
export interface Target {
  ports: Ports;
  adminToken: string;
  /** Publishes and subscribes `home/#`. */
  integration: { username: string; password: string };
  /** An enrolled device that has been taken apart. */
  rogue: { id: string; secret: string };
  seed: number;
  /** 1: the whole attack; less: that part of it, in that part of its time. */
  scale: number;
}

/** What an attack did, for the table: names and numbers. */
export type Result = Record<string, number>;
export type Attack = (target: Target) => Promise<Result>;

/** Runs `count` tasks at full scale, so many at once, evenly over at least `milliseconds`. */
export async function many(
  scale: number,
  count: number,
  atOnce: number,
  task: (i: number) => Promise<void>,
  milliseconds = 4000,
): Promise<void> {
  const from = performance.now();
  const tasks = Math.ceil(count * scale);
  let next = 0;
  const work = async () => {
    while (next < tasks) {
      const i = next++;
      const early = from + (i * milliseconds) / count - performance.now();
      if (early > 1) await wait(early);
      await task(i);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

export const wait = (milliseconds: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** A socket whose errors are what the attack is about. */
export function open(port: number): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = tcp(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.once('connect', () => resolve(socket));
    socket.once('close', () => resolve(socket));
  });
}

/** Resolves true when the other side ends it within the time. */
export function ended(socket: Socket, milliseconds: number): Promise<boolean> {
  if (socket.destroyed) return Promise.resolve(true);
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), milliseconds);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(true);
    });
    socket.resume();
  });
}

/** The same sequence for the same seed: numbers from 0 to below 1. Mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
