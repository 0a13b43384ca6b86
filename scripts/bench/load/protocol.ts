import type { Latencies } from './histogram.ts';

export interface Target {
  host: string;
  port: number;
  /** PEM of the CA: TLS. Without it plain TCP. */
  ca?: string;
  /** TLS: resume the last session of each client where there is one. */
  resume?: boolean;
}

export interface ClientSpec {
  id: string;
  username?: string;
  password?: string;
  topic: string;
  /** Where it connects, when not where all do. */
  at?: { host: string; port: number };
}

export interface ConnectOptions {
  /** Begun at the same time; the others wait. Default 200. */
  atOnce?: number;
  /** Milliseconds in which one log-in must be done; then it counts as failed and is tried anew. Default 30,000. */
  limitMs?: number;
  /** Milliseconds in which all must be done. Default 120,000. */
  totalMs?: number;
}

export interface Connected {
  connected: number;
  /** Attempts that were refused, cut or too slow; each was tried anew after a second or two. */
  failures: number;
  milliseconds: number;
  /** From the start of the successful attempt to its CONNACK. */
  latency: Latencies;
}

export type Load =
  /** Each client keeps so many QoS 1 messages unacknowledged (at most 64). */
  | { inFlight: number }
  /** Messages a second of all together, each client in its turn. */
  | { rate: number };

export interface LoadResult {
  /** Over the whole run, its warm-up and its end included. */
  sent: number;
  acked: number;
  /** In the measured window. */
  ackedInWindow: number;
  windowMs: number;
  /** PUBLISH written → PUBACK read, of those that were acknowledged in the window. */
  latency: Latencies;
  /** With `rate`: messages that were not sent because 64 of their client were unacknowledged. */
  withheld: number;
  /** Connections that ended meanwhile. */
  closed: number;
}

export interface Requests {
  connect: {
    args: [target: Target, clients: ClientSpec[], payload: string, options: ConnectOptions];
    result: Connected;
  };
  run: { args: [load: Load, warmUpMs: number, measureMs: number]; result: LoadResult };
  close: { args: []; result: null };
  disconnect: { args: []; result: null };
}

export type RequestName = keyof Requests;
export interface Request {
  id: number;
  name: RequestName;
  args: unknown[];
}
export type Reply = { id: number; result: unknown } | { id: number; error: string };
