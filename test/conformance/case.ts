import type { Broker } from './peer.ts';

/** One thing that a statement of MQTT 3.1.1 asks of a server. */
export interface Case {
  /** As the standard numbers it: `MQTT-3.1.0-1`. */
  statement: string;
  title: string;
  run: (broker: Broker) => Promise<void>;
}

export type Cases = readonly (readonly [statement: string, title: string, run: Case['run']])[];

export const cases = (list: Cases): Case[] =>
  list.map(([statement, title, run]) => ({ statement, title, run }));
