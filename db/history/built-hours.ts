import type { Micros } from '../domain/types.ts';
import { HourBuilder } from './hour-builder.ts';
import type { WidgetHour } from './hours.ts';
import type { Pace } from './pace.ts';
import type { RowSource } from './rows.ts';

export interface BuiltHoursOptions {
  source: RowSource;
  pace: Pace;
  stopped: () => boolean;
  /** Make packed parts as well. */
  pack: boolean;
}

/** An hour of each of these widgets that has plain rows, one after the other; ends early when stopped. */
export async function* builtHours(
  ids: readonly number[],
  hour: Micros,
  { source, pace, stopped, pack }: BuiltHoursOptions,
): AsyncGenerator<WidgetHour> {
  let open: { widgetId: number; builder: HourBuilder } | null = null;
  for await (const { widgetId, rows } of source.ofHour(ids, hour)) {
    if (stopped()) return;
    if (open !== null && open.widgetId !== widgetId) {
      yield { widgetId: open.widgetId, hour, built: open.builder.finish() };
      open = null;
    }
    open ??= { widgetId, builder: new HourBuilder(hour, { pack }) };
    open.builder.add(rows);
    await pace();
  }
  if (open !== null) yield { widgetId: open.widgetId, hour, built: open.builder.finish() };
}
