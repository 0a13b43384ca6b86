import type { ClientSpec } from '../load/index.ts';

/** A contestant at work: one process or several, which end with `stop`. */
export interface Running {
  host: string;
  /** Plain MQTT. */
  port: number;
  tls: { port: number; ca: string } | null;
  /** Plain HTTP of the REST server, for those that have one. */
  httpPort: number | null;
  /** As many as it was started for, each known to it. */
  clients: readonly ClientSpec[];
  /** Rows that reached its table; null for who stores nothing. */
  rows: (() => Promise<number>) | null;
  /** Processes under test, and those of its database where that is a process of its own. */
  pids(): { server: number[]; database: number[] };
  /** Milliseconds from the start of its first process until a CONNECT is acknowledged (pipelines: until the subscriber is there too). */
  startedInMs: number;
  stop(): Promise<void>;
}

export interface Contestant {
  /** As on the command line and in rows. */
  name: string;
  /** As in the report. */
  title: string;
  /** Why it cannot run here; null when it can. May take its time (an installation). */
  missing(): Promise<string | null>;
  version(): Promise<string>;
  start(clients: number): Promise<Running>;
}
