import type { Config } from '../config/index.ts';
import type { ReadingWriter } from '../db/domain/services.ts';
import type { HistoryService } from '../db/history/index.ts';
import type { LocalLiveState } from '../db/live-state/index.ts';
import type { LiveState } from '../db/live-state/types.ts';
import { createCommitMeter } from '../db/metrics/commits.ts';
import { createReadingWriter } from '../db/reading-writer.ts';
import type { Foundation } from './foundation.ts';
import type { openHistory } from './history.ts';
import { measureProgram } from './metrics.ts';

export interface OpenWriterDeps {
  foundation: Foundation;
  config: Config;
  history: Pick<HistoryService, 'state'>;
  load: Pick<Awaited<ReturnType<typeof openHistory>>['load'], 'stored'>;
  live: LocalLiveState;
  /** Who must know of values: with other nodes, they are among them. */
  told: Pick<LiveState, 'applyReading'>;
}

/** Stores readings, and tells who must know of those that are stored. */
export function openWriter({ foundation, config, history, load, live, told }: OpenWriterDeps): ReadingWriter {
  const { sql, part, clock, metrics, flows } = foundation;
  const commits = createCommitMeter(metrics, flows);
  const writer = createReadingWriter({
    sql,
    history: history.state,
    log: part('writer'),
    onStored: ({ widgetId, at, seq, value }) => {
      clock.stored(at);
      told.applyReading(widgetId, at, seq, value);
    },
    onGroup: (readings, milliseconds, failure) => {
      // Of a probe, which is told of where it came from.
      if (readings === 0) return;
      load.stored(readings);
      commits.record(readings, milliseconds, failure);
    },
  });
  writer.start();
  measureProgram({ foundation, config, live, writer });
  return writer;
}
