import { growth } from './growth.ts';
import { latency } from './latency.ts';
import type { Measure } from './measure.ts';
import { rest } from './rest.ts';
import { throughput } from './throughput.ts';

export const MEASURES: readonly Measure[] = [throughput, latency, rest, growth];
