import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '../../db/client.ts';
import { EVENT_KINDS } from '../../db/domain/ports.ts';
import { KINDS, missing, silent } from '../helpers/database.ts';
import { enrolled } from '../helpers/devices.ts';
import { Rest } from '../helpers/rest.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';

interface Event {
  id: number;
  at: string;
  kind: string;
  actor: string;
  device_id: string | null;
  room_id: number | null;
  detail: Record<string, unknown>;
}
interface Page {
  events: Event[];
  next_cursor: string | null;
}

const DAY_MS = 86_400_000;

for (const kind of KINDS) {
  void test(`events on ${kind}`, { skip: missing(kind) }, async (t) => {
    const { rest, server, postgres } = await startServer(t, { RETENTION_EVENTS: '30d' }, kind);
    if (postgres !== null) await makeOld(postgres.url);

    const page = (query: string) => rest.expect<Page>(200, 'GET', `/api/events?${query}`);
    const all = async (query: string, limit = 200): Promise<Event[]> => {
      const found: Event[] = [];
      let cursor: string | null = null;
      do {
        const next: Page = await page(`limit=${limit}&${query}${cursor === null ? '' : `&cursor=${cursor}`}`);
        found.push(...next.events);
        cursor = next.next_cursor;
      } while (cursor !== null);
      return found;
    };
    const makeRoom = (name: string) => rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name });
    /** Events are written a moment after what they tell of. */
    const told = (name: string) =>
      until(`${name} is told`, async () =>
        (await page('kind=room_created&limit=1')).events.some(({ detail }) => detail.name === name),
      );

    await t.test('are found by device, room, user, kind and time, and by all of them at once', async () => {
      const room = await makeRoom('Hall');
      const { wire } = await enrolled(server, rest, 'lamp');
      t.after(() => wire.drop());
      await rest.expect(200, 'POST', '/api/devices/lamp/pair', { room_id: room.id });
      const person = { username: 'eva', password: 'correct horse battery' };
      await rest.expect(201, 'POST', '/api/users', { ...person, role: 'ADMIN' });
      const eva = await new Rest(server).logIn(person);
      await eva.expect(200, 'PUT', `/api/rooms/${room.id}`, { name: 'Entrance' });
      await makeRoom('Last');
      await told('Last');

      const kinds = async (query: string) => (await all(query)).map((one) => one.kind);
      assert.deepEqual(await kinds('device_id=lamp'), ['device_paired', 'device_registered']);
      assert.deepEqual(await kinds(`room_id=${room.id}`), ['room_renamed', 'device_paired', 'room_created']);
      assert.deepEqual(await kinds('user=eva'), ['room_renamed', 'login']);
      assert.deepEqual(await kinds('user=ev'), []);
      assert.deepEqual(await kinds('kind=room_renamed'), ['room_renamed']);
      assert.deepEqual(await kinds('kind=room_renamed,device_paired,room_renamed,disk_low'), [
        'room_renamed',
        'device_paired',
      ]);
      const [paired] = await all('kind=device_paired');
      assert.ok(paired);
      const { at } = paired;
      const both = await all(`from=${at}&to=${at}`);
      assert.ok(both.some(({ id }) => id === paired.id) && both.every((one) => one.at === at));
      const before = await all(`to=${new Date(Date.parse(at) - 1).toISOString()}`);
      const after = await all(`from=${new Date(Date.parse(at) + 1).toISOString()}`);
      assert.deepEqual([...after, ...both, ...before], await all(''));
      assert.deepEqual(
        await all(
          `device_id=lamp&room_id=${room.id}&user=admin&kind=device_paired,login&from=${at}&to=${at}`,
        ),
        [paired],
      );
    });

    await t.test('come each once, although others come while they are read', async () => {
      for (let i = 0; i < 20; i++) await makeRoom(`Before ${i}`);
      await told('Before 19');
      for (const filter of ['', 'user=admin', 'kind=room_created', 'kind=room_created,login']) {
        const query = `${filter}&from=${new Date(Date.now() - DAY_MS).toISOString()}`;
        const known = (await all(query)).map(({ id }) => id);
        const read: number[] = [];
        let cursor = '';
        for (;;) {
          const { events, next_cursor } = await page(`limit=10&${query}${cursor}`);
          read.push(...events.map(({ id }) => id));
          if (next_cursor === null) break;
          cursor = `&cursor=${next_cursor}`;
          const name = `Meanwhile ${filter} ${read.length}`;
          await makeRoom(name);
          await told(name);
        }
        assert.ok(read.length > 20);
        assert.deepEqual(read, known, filter);
      }
    });

    await t.test('a filter that cannot be is refused in words', async () => {
      const refused: [string, RegExp][] = [
        ['kind=nonsense', new RegExp(`kind: kinds of events, .*${EVENT_KINDS.join(', ')}`)],
        ['kind=login,', /kind: kinds of events/],
        ['kind=', /kind: kinds of events/],
        ['from=yesterday', /from: an RFC 3339 time/],
        ['to=2026-02-30T00:00:00Z', /to: an RFC 3339 time/],
        ['from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', /from must not be after to/],
        ['room_id=x', /room_id: a whole number/],
        [`user=${'x'.repeat(257)}`, /user: at most 256 characters/],
        ['user=%00', /user: not valid text/],
        ['cursor=WzFd', /cursor: not one that this server gave/],
        ['actor=eva', /actor/],
      ];
      for (const [query, words] of refused) {
        const { error } = await rest.expect<{ error: string }>(400, 'GET', `/api/events?${query}`);
        assert.match(error, words, query);
      }
      for (const made of [
        [-9e15, -9e15],
        [9e15, 9e15],
      ]) {
        await page(`cursor=${Buffer.from(JSON.stringify(made)).toString('base64url')}`);
      }
    });

    // Old ones are put in from beside: into the embedded database nobody else can.
    if (postgres === null) return;
    await t.test('older than RETENTION_EVENTS go, the others stay', async () => {
      await until('the old are gone', async () => (await all('user=long-ago')).length === 0);
      assert.equal((await all('user=not-so-long-ago')).length, 1);
      const { body } = await rest.get<string>('/api/metrics');
      assert.match(body, /^pm_iot_events_dropped_total 3000$/m);
    });
  });
}

async function makeOld(url: string): Promise<void> {
  const { sql, close } = connect({ url }, silent, 1);
  const ago = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString();
  await sql`insert into events (at, kind, actor)
    select ${ago(31)}::text::timestamptz, 'login', 'long-ago' from generate_series(1, 3000)`;
  await sql`insert into events (at, kind, actor)
    values (${ago(29)}::text::timestamptz, 'login', 'not-so-long-ago')`;
  await close();
}
