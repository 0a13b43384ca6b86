import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drizzle } from 'drizzle-orm/postgres-js';
import { Registry } from 'prom-client';
import { createClock } from '../../db/domain/clock.ts';
import { EVENT_KINDS, type EventKind } from '../../db/domain/ports.ts';
import { createEventRetention } from '../../db/event-retention.ts';
import * as schema from '../../db/schema/index.ts';
import { createEventStore, type EventFilter, type EventKey } from '../../db/stores/events.ts';
import { KINDS, missing } from '../helpers/database.ts';
import { openDatabase } from '../helpers/open-database.ts';

const START = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;

interface Row {
  at: Date;
  kind: EventKind;
  actor: string;
  deviceId: string | null;
  roomId: number | null;
}

/** Three at each time, so that only the id tells them apart, and later rows that are older. */
const ROWS: Row[] = Array.from({ length: 300 }, (_, i) => ({
  at: new Date(START + Math.floor(((i * 7) % 300) / 3)),
  kind: (['login', 'denied', 'device_paired', 'room_created'] as const)[i % 4] ?? 'login',
  actor: ['eva', 'adam', 'system'][i % 3] ?? '',
  deviceId: i % 2 === 0 ? `device-${i % 5}` : null,
  roomId: i % 3 === 0 ? (i % 7) + 1 : null,
}));

for (const kind of KINDS) {
  void test(`events on ${kind}`, { skip: missing(kind) }, async (t) => {
    const { sql, db } = await openDatabase(t, kind);
    const store = createEventStore(db);

    const paged = async (filter: EventFilter, limit: number) => {
      const ids: number[] = [];
      let before: EventKey | null = null;
      for (;;) {
        const page = await store.list(filter, { limit, before });
        ids.push(...page.map(({ id }) => id));
        const last = page.at(-1);
        if (last === undefined) return ids;
        before = last;
      }
    };

    await store.insert(ROWS);
    const stored = await store.list({}, { limit: 1000 });
    /** What the filter should give, by plain code. */
    const wanted = ({ deviceId, roomId, actor, kinds, from = 0, to = Infinity }: EventFilter) =>
      stored
        .filter((one) => deviceId === undefined || one.deviceId === deviceId)
        .filter((one) => roomId === undefined || one.roomId === roomId)
        .filter((one) => actor === undefined || one.actor === actor)
        .filter((one) => kinds?.includes(one.kind) ?? true)
        .filter(({ at }) => at >= from && at <= to)
        .sort((a, b) => b.at - a.at || b.id - a.id)
        .map(({ id }) => id);

    await t.test('come newest first by time and id, page by page, by any filter', async () => {
      assert.equal(stored.length, ROWS.length);
      const [from, to] = [(START + 10) * 1000, (START + 60) * 1000];
      const filters: EventFilter[] = [
        {},
        { deviceId: 'device-2' },
        { roomId: 4 },
        { actor: 'adam' },
        { kinds: ['denied'] },
        { kinds: ['denied', 'login', 'disk_low'] },
        { from },
        { to },
        { from, to },
        { from, to: from },
        { from, to, kinds: ['denied', 'login'] },
        { from, to, actor: 'eva', kinds: ['denied', 'login'] },
        { deviceId: 'device-0', roomId: 5, actor: 'eva', kinds: ['login'], from, to },
      ];
      for (const filter of filters) {
        const all = wanted(filter);
        assert.ok(all.length > 0, JSON.stringify(filter));
        for (const limit of [1, 7, 1000]) {
          assert.deepEqual(await paged(filter, limit), all, `${JSON.stringify(filter)} by ${limit}`);
        }
      }
      assert.deepEqual(await paged({ kinds: ['disk_low', 'history_waits'] }, 7), []);
    });

    await t.test('a microsecond apart are two times, told and compared exactly', async () => {
      await sql`insert into events (at, kind, actor) values
        ('2026-03-01T00:00:00.000001Z', 'login', 'exact'), ('2026-03-01T00:00:00.000002Z', 'login', 'exact'),
        ('2026-03-01T00:00:00.000003Z', 'login', 'exact')`;
      const at = Date.UTC(2026, 2, 1) * 1000;
      const all = await store.list({ actor: 'exact' }, { limit: 9 });
      assert.deepEqual(
        all.map((one) => one.at - at),
        [3, 2, 1],
      );
      assert.equal((await paged({ actor: 'exact' }, 1)).length, 3);
      assert.equal((await store.list({ actor: 'exact', from: at + 2, to: at + 2 }, { limit: 9 })).length, 1);
    });

    await t.test('each filter is a scan of its own index that begins where the page does', async () => {
      await sql`insert into events (at, kind, actor, device_id, room_id)
        select ${new Date(START - DAY).toISOString()}::text::timestamptz + n * interval '1 millisecond',
          (string_to_array(${EVENT_KINDS.join(',')}::text, ','))[1 + n % 20], 'many-' || n % 20, 'many-' || n % 20, 100 + n % 20 from generate_series(1, 50000) as n`;
      await sql`analyze events`;
      const asked: [string, unknown[]][] = [];
      const logger = { logQuery: (query: string, params: unknown[]) => asked.push([query, params]) };
      const told = createEventStore(drizzle(sql, { schema, logger }));
      const before = { at: (START - DAY + 10_000) * 1000, id: Number.MAX_SAFE_INTEGER };
      const to = START * 1000;
      const filters: [EventFilter, string][] = [
        [{ to }, 'events_by_time'],
        [{ to, deviceId: 'many-3' }, 'events_by_device'],
        [{ to, roomId: 103 }, 'events_by_room'],
        [{ to, actor: 'many-3' }, 'events_by_actor'],
        [{ to, kinds: ['logout'] }, 'events_by_kind'],
        [{ to, kinds: ['logout', 'login', 'disk_low'] }, 'events_by_kind'],
      ];
      for (const [filter, index] of filters) {
        assert.equal((await told.list(filter, { limit: 50, before })).length, 50);
        const [query = '', params = []] = asked.pop() ?? [];
        const lines = await sql.unsafe<{ 'QUERY PLAN': string }[]>(
          `explain (analyze, buffers, timing off) ${query}`,
          params as string[],
        );
        const plan = lines.map((line) => line['QUERY PLAN']).join('\n');
        assert.match(plan, new RegExp(`Index Scan Backward using ${index} on events`));
        assert.doesNotMatch(plan, /Seq Scan|Rows Removed/);
        const pages = /shared hit=(\d+)(?: read=(\d+))?/.exec(plan);
        assert.ok(Number(pages?.[1]) + Number(pages?.[2] ?? 0) < 60, plan);
      }
    });

    await t.test(
      'are deleted in steps, the oldest first, once they are older than they are kept',
      async () => {
        await sql`delete from events`;
        const now = START + 40 * DAY;
        await store.insert([
          { at: new Date(now - 30 * DAY), kind: 'login', actor: 'young' },
          { at: new Date(now), kind: 'login', actor: 'young' },
        ]);
        await sql`insert into events (at, kind, actor)
        select ${new Date(now - 30 * DAY).toISOString()}::text::timestamptz - n * interval '1 millisecond',
          'denied', n::text from generate_series(1, 4500) as n`;
        const registry = new Registry();
        let trusted = false;
        const clock = { ...createClock(() => now, 0), trusted: () => trusted };
        const left = async () => (await store.list({}, { limit: 10_000 })).map(({ actor }) => actor);
        const leaps = { mayDrop: async () => true, forget: () => {} };
        const kept = createEventRetention({
          sql,
          clock,
          leaps,
          keepMs: null,
          vacuum: true,
          registry: new Registry(),
        });
        const { step } = createEventRetention({
          sql,
          clock,
          leaps,
          keepMs: 30 * DAY,
          vacuum: true,
          registry,
        });

        assert.equal(await step(), false);
        trusted = true;
        assert.equal(await kept.step(), false);
        assert.equal((await left()).length, 4502, 'a wrong clock, and forever');

        assert.equal(await step(), true);
        const rest = await left();
        assert.equal(rest.length, 2502);
        assert.equal(rest.at(-1), '2500', 'the oldest went');
        assert.equal(await step(), true);
        assert.equal(await step(), false);
        assert.deepEqual(await left(), ['young', 'young']);
        assert.match(await registry.metrics(), /^pm_iot_events_dropped_total 4500$/m);
        // What was deleted lies at the beginning of the table; without a vacuum the new would go to its end.
        const size = async () => {
          const [row] = await sql<{ bytes: string }[]>`select pg_relation_size('events')::text as bytes`;
          return row?.bytes;
        };
        const full = await size();
        await sql`insert into events (at, kind, actor)
        select now(), 'denied', n::text from generate_series(1, 4500) as n`;
        assert.equal(await size(), full);
      },
    );
  });
}
