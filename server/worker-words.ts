import type { MetricObjectWithValues, MetricValue } from 'prom-client';
import type { ListenerPorts } from './index.ts';

/** What one process has measured. */
export type Measured = MetricObjectWithValues<MetricValue<string>>[];

/** What a worker tells its parent. */
export type WorkerWord =
  | { kind: 'ready'; ports: ListenerPorts }
  | { kind: 'drain' }
  /** It has been asked what all of them have measured. */
  | { kind: 'metrics'; id: number }
  /** null: it could not tell. */
  | { kind: 'measured'; id: number; metrics: Measured | null };

/** What a parent tells a worker. */
export type ParentWord = { kind: 'measure'; id: number } | { kind: 'metrics'; id: number; text: string };

/** A parent that has gone is no fault of what is told to it: the worker ends by that. */
export const tellParent = (word: WorkerWord): void =>
  void process.send?.(word, undefined, undefined, () => {});
