import { commands } from './commands.ts';
import { growth } from './growth.ts';
import { latency } from './latency.ts';
import type { Measure } from './measure.ts';
import { polls } from './polls.ts';
import { rest } from './rest.ts';
import { throughput } from './throughput.ts';
import { visible } from './visible.ts';

export const MEASURES: readonly Measure[] = [throughput, latency, visible, commands, polls, rest, growth];
