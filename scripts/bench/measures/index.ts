import { connects } from './connects.ts';
import { growth } from './growth.ts';
import { held } from './held.ts';
import { latency } from './latency.ts';
import type { Measure } from './measure.ts';
import { rest } from './rest.ts';
import { storm } from './storm.ts';
import { throughput } from './throughput.ts';

export const MEASURES: readonly Measure[] = [throughput, latency, rest, growth, connects, held, storm];
