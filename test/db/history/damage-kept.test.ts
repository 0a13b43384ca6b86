import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KINDS, missing } from '../../helpers/database.ts';
import { makeWidgets, openHistory } from '../../helpers/history.ts';

const SECOND = 1_000_000;
const DAY = 24 * 3600 * SECOND;
const START = Date.UTC(2026, 0, 10) * 1000;

interface Packed {
  keys: Buffer;
  vals: Buffer;
}

/** One wrong byte each in what is not deflated: still bytes that can be read, of readings that nobody sent. */
const DAMAGES: Record<string, (packed: Packed) => void> = {
  'digits after the point': ({ vals }) => vals.writeUInt8(77, 5),
  'the kind of value': ({ vals }) => vals.writeUInt8(9, 3),
  'the time of the first': ({ keys }) => keys.writeUInt8(5, 6),
};

for (const kind of KINDS) {
  void test(`readings that one wrong byte has damaged, on ${kind}`, { skip: missing(kind) }, async (t) => {
    const { sql, history, store, time } = await openHistory(t, kind, { now: START + 6 * DAY });
    const names = Object.keys(DAMAGES);
    const widgets = await makeWidgets(sql, names.length);
    await store(
      ...widgets.flatMap((widgetId) =>
        [0.1, 0.2, 0.3].map((value, i) => ({ widgetId, at: START + i * SECOND, seq: 0, value })),
      ),
    );
    await history.roller.roll(time.now);
    await history.packer.packDue(time.now);
    const packedOf = async (widgetId: number): Promise<Packed> => {
      const [row] = await sql<Packed[]>`select keys, vals from chunks where widget_id = ${widgetId}`;
      assert.ok(row !== undefined);
      return row;
    };
    const averageOf = async (widgetId: number) => {
      const [row] = await sql<
        { count: number; avg: number }[]
      >`select count, avg from hour_rollups where widget_id = ${widgetId}`;
      return row;
    };

    for (const [i, name] of names.entries()) {
      await t.test(`${name}: they are left as they are when another comes late`, async () => {
        const widgetId = widgets[i] ?? 0;
        const damaged = await packedOf(widgetId);
        DAMAGES[name]?.(damaged);
        await sql.unsafe(
          `update chunks set keys = '\\x${damaged.keys.toString('hex')}', vals = '\\x${damaged.vals.toString('hex')}'
           where widget_id = ${widgetId}`,
        );
        const before = await averageOf(widgetId);
        const late = { widgetId, at: START + 9 * SECOND, seq: 0, value: 5 };
        assert.equal(await store(late), null, 'it is stored beside them');
        await history.roller.settleLate();
        assert.deepEqual(await packedOf(widgetId), damaged, 'whoever mends them finds them');
        assert.deepEqual(await averageOf(widgetId), before, 'the summary from before the damage stays');
        const [row] = await sql<{ num: number }[]>`select num from readings where widget_id = ${widgetId}`;
        assert.equal(row?.num, late.value);
      });
    }
  });
}
