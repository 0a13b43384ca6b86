import { commands } from './commands.ts';
import { connects } from './connects.ts';
import { growth } from './growth.ts';
import { held } from './held.ts';
import { latency } from './latency.ts';
import type { Measure } from './measure.ts';
import { polls } from './polls.ts';
import { rest } from './rest.ts';
import { storm } from './storm.ts';
import { throughput } from './throughput.ts';
import { visible } from './visible.ts';

export const MEASURES: readonly Measure[] = [
  throughput,
  latency,
  visible,
  commands,
  polls,
  rest,
  connects,
  held,
  storm,
  growth,
];
