import type { Server } from '../../../test/helpers/server.ts';
import type { ClientSpec } from '../load/protocol.ts';
import type { Pinning } from '../pinning.ts';
import type { ProcessorTime } from './processes.ts';

export interface StartOptions {
  /** Devices that will connect, each with one sensor. */
  clients: number;
  /** Widgets of devices that never connect, beside those. */
  idleWidgets?: number;
  pinning: Pinning;
}

/** A contestant at work: one process or several, which end with `stop`. */
export interface Running {
  host: string;
  /** Plain MQTT. */
  port: number;
  tls: { port: number; ca: string } | null;
  /** Our own program, for what only it can do (REST); null for all others. */
  server: Server | null;
  /** As many as it was started for, each known to it. */
  clients: ClientSpec[];
  /** Rows that reached its table; null for who stores nothing. */
  rows: (() => Promise<number>) | null;
  /** Processes under test, without an outside database and without the load. */
  pids: number[];
  /** Processor time spent so far by what is under test, and by its database. */
  processor(): ProcessorTime;
  /** Milliseconds from the start of its first process until it does its work: CONNECTs are acknowledged, pipelines store. */
  startedInMs: number;
  stop(): Promise<void>;
}

export interface Contestant {
  /** As on the command line and in rows. */
  name: string;
  /** As in the report. */
  title: string;
  /** A broker and a process that stores what it hands on: an acknowledgement says nothing of a row. */
  pipeline: boolean;
  /** Why it cannot run here; null when it can. May take its time (an installation). */
  missing(): Promise<string | null>;
  version(): Promise<string>;
  start(options: StartOptions): Promise<Running>;
}
