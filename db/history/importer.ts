import type postgres from 'postgres';
import type { Executor } from '../client.ts';
import { compareKeys, type Row, sameValue } from '../domain/row.ts';
import type { Importer, ImportOutcome } from '../domain/services.ts';
import type { Micros, Reading } from '../domain/types.ts';
import { encodeValue } from '../domain/value-codec.ts';
import type { ReadingStore } from '../stores/readings.ts';
import { mergeRows } from './codec/chunk.ts';
import { fence } from './fence.ts';
import { HourBuilder } from './hour-builder.ts';
import {
  chunkRows,
  type HourOfWidget,
  putChunks,
  putSummaries,
  type WidgetHour,
  writeHour,
} from './hours.ts';
import { createRowSource, type RowSource } from './rows.ts';
import { DAY, floorTo, HOUR, sqlMicros, sqlTime } from './spans.ts';
import type { HistoryStateStore } from './state.ts';
import type { Turns } from './turns.ts';

/** Hours of widgets written together. */
const BATCH = 64;

export interface ImporterDeps {
  sql: postgres.Sql;
  state: HistoryStateStore;
  source: RowSource;
  readings: ReadingStore;
  turns: Turns;
  /** Microseconds: days that were over before this are stored packed. */
  packedBefore: () => Micros;
  /** Something is stored next that may be older than raw readings are kept. */
  onImport: () => Promise<void>;
}

interface Group extends HourOfWidget {
  items: { index: number; row: Row }[];
}

const daysOf = (groups: readonly HourOfWidget[]) => new Set(groups.map(({ hour }) => floorTo(hour, DAY)));
const idOf = ({ widgetId, hour }: HourOfWidget) => `${widgetId}/${hour}`;

function groupsOf(readings: readonly Reading[]): Group[] {
  const groups = new Map<string, Group>();
  for (const [index, { widgetId, at, seq, value }] of readings.entries()) {
    const hour = floorTo(at, HOUR);
    const id = idOf({ widgetId, hour });
    const item = { index, row: { at, seq, ...encodeValue(value) } };
    const known = groups.get(id);
    if (known === undefined) groups.set(id, { widgetId, hour, items: [item] });
    else known.items.push(item);
  }
  return [...groups.values()];
}

/** Stores readings of any age: old ones packed at once, with their summaries. See `Importer`. */
export function createImporter(deps: ImporterDeps): Importer {
  const { sql, state, source, readings: store, turns, packedBefore, onImport } = deps;

  /** Which of these hours have anything packed already, or a summary. */
  const present = async (tx: Executor, groups: readonly Group[]): Promise<Set<string>> => {
    // Each by itself, not as pairs: those take the planner long, for every partition.
    const ids = `'{${[...new Set(groups.map(({ widgetId }) => widgetId))].join(',')}}'`;
    const hours = [...new Set(groups.map(({ hour }) => sqlTime(hour)))].join(', ');
    const where = `widget_id = any(${ids}) and hour = any(array[${hours}])`;
    const found = await tx.unsafe<{ widget_id: number; hour: Micros }[]>(
      `select widget_id, ${sqlMicros('hour')} as hour from chunks where ${where}
       union select widget_id, ${sqlMicros('hour')} from hour_rollups where ${where}`,
    );
    return new Set(found.map((row) => idOf({ widgetId: row.widget_id, hour: row.hour })));
  };

  /** What becomes of the readings of one hour, beside those that are there. */
  const sort = (group: Group, there: readonly Row[], outcomes: ImportOutcome[]): Row[] => {
    const known = new Map(there.map((row) => [`${row.at}/${row.seq}`, row]));
    const fresh: Row[] = [];
    for (const { index, row } of group.items) {
      const key = `${row.at}/${row.seq}`;
      const before = known.get(key);
      outcomes[index] = before === undefined ? 'stored' : sameValue(before, row) ? 'known' : 'conflict';
      if (before !== undefined) continue;
      known.set(key, row);
      fresh.push(row);
    }
    return fresh.sort(compareKeys);
  };

  /** Beside what there is already, in a transaction of its own. */
  const merge = (group: Group, outcomes: ImportOutcome[]) =>
    sql.begin(async (tx) => {
      await fence(tx, daysOf([group]));
      const packed = await chunkRows(tx, group);
      const there = mergeRows(packed, await createRowSource(tx).all(group.widgetId, group.hour));
      const { rawFrom } = await state.current();
      if (there.length === 0 && group.hour < rawFrom && (await present(tx, [group])).size > 0) {
        for (const { index } of group.items) outcomes[index] = 'summarised';
        return;
      }
      const extra = sort(group, there, outcomes);
      if (extra.length === 0) return;
      await writeHour(tx, group, { packed, rows: mergeRows(there, extra) }, { pack: true, keep: true });
    });

  /** Hours of which there is nothing yet, all in one transaction. Gives those of which there is. */
  const putFresh = (groups: readonly Group[], outcomes: ImportOutcome[]): Promise<Group[]> =>
    sql.begin(async (tx) => {
      const plain = await fence(tx, daysOf(groups));
      const there = await present(tx, groups);
      const isThere = (group: Group) => plain.has(floorTo(group.hour, DAY)) || there.has(idOf(group));
      const fresh = groups
        .filter((group) => !isThere(group))
        .map((group): WidgetHour => {
          const builder = new HourBuilder(group.hour, { pack: true });
          builder.add(sort(group, [], outcomes));
          return { ...group, built: builder.finish() };
        });
      await putChunks(tx, fresh);
      await putSummaries(tx, fresh);
      return groups.filter(isThere);
    });

  const putPacked = async (groups: readonly Group[], outcomes: ImportOutcome[]): Promise<void> => {
    // Partitions may have been dropped by another node.
    await state.fresh();
    for (const { hour } of groups) {
      await state.ensure('chunks', hour);
      await state.ensure('minute_rollups', hour);
      await state.ensure('hour_rollups', hour);
    }
    for (const group of await putFresh(groups, outcomes)) await merge(group, outcomes);
  };

  /** Of days that are not packed yet: as if a device had sent them. */
  const putPlain = async (group: Group, readings: readonly Reading[], outcomes: ImportOutcome[]) => {
    const there = mergeRows(await chunkRows(sql, group), await source.all(group.widgetId, group.hour));
    const fresh = new Set(sort(group, there, outcomes));
    const added = group.items.filter(({ row }) => fresh.has(row));
    const stored = await store.commit(
      added.flatMap(({ index }) => (readings[index] ? [[readings[index]]] : [])),
    );
    for (const [i, { index }] of added.entries()) {
      const outcome = stored?.[i];
      if (outcome?.ok === false) outcomes[index] = outcome.code === 'CONFLICT' ? 'conflict' : 'summarised';
    }
  };

  return {
    store: async (readings) => {
      const outcomes = new Array<ImportOutcome>(readings.length).fill('conflict');
      const { partitions } = await state.current();
      const isOld = ({ hour }: Group) =>
        partitions.chunks.has(floorTo(hour, DAY)) || floorTo(hour, DAY) + DAY <= packedBefore();
      const groups = groupsOf(readings);
      const old = groups.filter(isOld);
      if (old.length > 0) await onImport();
      for (let start = 0; start < old.length; start += BATCH) {
        await turns.run(() => putPacked(old.slice(start, start + BATCH), outcomes));
      }
      for (const group of groups) if (!isOld(group)) await putPlain(group, readings, outcomes);
      return outcomes;
    },
  };
}
