import { aedes } from './aedes.ts';
import type { Contestant } from './contestant.ts';
import { mosquitto } from './mosquitto.ts';
import { nodeRed } from './node-red.ts';
import { oursEmbedded, oursOnPostgres } from './ours.ts';
import { subscriber } from './subscriber.ts';

export const CONTESTANTS: readonly Contestant[] = [
  oursOnPostgres,
  oursEmbedded,
  aedes,
  mosquitto,
  subscriber,
  nodeRed,
];

/** Ratios refer to it: what the stack does when it stores nothing. */
export const BASE = aedes.name;
