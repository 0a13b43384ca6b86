import type { Measure } from './measure.ts';
import { throughput } from './throughput.ts';

export const MEASURES: readonly Measure[] = [throughput];
