import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KINDS, missing } from '../../helpers/database.ts';
import { makeWidgets, openHistory } from '../../helpers/history.ts';

const SECOND = 1_000_000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 10) * 1000;
const ROUNDS = 60;

for (const kind of KINDS) {
  void test(`an import and a device that bring another value for one moment, at once, on ${kind}`, {
    skip: missing(kind),
  }, async (t) => {
    const { sql, history, store, time } = await openHistory(t, kind, { now: START + 6 * DAY });
    const [widget = 0] = await makeWidgets(sql, 1);
    const at = (round: number) => START + (round % 48) * HOUR + round * SECOND;
    // Days that are packed already, so that each has to look where a reading may be.
    await store(
      ...Array.from({ length: 48 }, (_, i) => ({ widgetId: widget, at: START + i * HOUR, seq: 9, value: i })),
    );
    await history.roller.roll(time.now);
    await history.packer.packDue(time.now);

    const taken = new Map<number, string>();
    for (let round = 0; round < ROUNDS; round++) {
      const reading = { widgetId: widget, at: at(round), seq: 0 };
      const [imported, sent] = await Promise.all([
        history.importer.store([{ ...reading, value: 'imported' }]),
        store({ ...reading, value: 'sent' }),
      ]);
      const isSent = sent === null;
      assert.notEqual(imported[0] === 'stored', isSent, `round ${round}: one is taken, the other is told so`);
      if (!isSent) assert.equal(sent[0]?.ok === false && sent[0].code, 'CONFLICT');
      taken.set(reading.at, isSent ? 'sent' : 'imported');
    }
    await history.roller.settleLate();
    const found = await history.queries.readings(
      widget,
      { from: START, to: time.now },
      { order: 'asc', key: null, limit: 1000 },
    );
    const there = new Map(found.filter(({ seq }) => seq === 0).map((reading) => [reading.at, reading.value]));
    assert.deepEqual(there, new Map([...taken].sort(([a], [b]) => a - b)));
  });
}
