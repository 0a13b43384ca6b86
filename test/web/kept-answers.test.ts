import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from '../../web/client/index.ts';
import { wantedFirst } from '../../web/state/first-pages.ts';
import { type Clock, createCore, type Wanted } from '../../web/state/index.ts';

const user = {
  id: 1,
  username: 'eva',
  name: null,
  role: 'USER' as const,
  room_ids: [],
  acl: { publish: [], subscribe: [] },
  must_change_password: false,
  created_at: '2026-01-01T00:00:00Z',
};

/** A core that is logged in, and whose rounds run when they are asked to. */
function core() {
  let due: (() => void) | null = null;
  const clock: Clock = {
    now: () => 0,
    random: () => 0,
    after: (_, run) => {
      due = run;
      return () => {
        due = null;
      };
    },
  };
  const session = { token: 'token', expiresAt: 1, user };
  const made = createCore({ clock, keeper: { read: () => session, write: () => undefined } });
  const round = async () => {
    const run: (() => void) | null = due;
    due = null;
    (run as (() => void) | null)?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { ...made, round };
}

const numbered = (n: number): Wanted<number> => ({ key: `wanted ${n}`, everyMs: 0, ask: async () => n });

void test('answers that nobody watches any more are kept for a while, the latest 50 of them', async () => {
  const { poller, store, round, stop } = core();
  const still = poller.watch(numbered(0));
  for (let n = 1; n <= 60; n += 1) {
    const leave = poller.watch(numbered(n));
    await round();
    leave();
  }
  const { resources } = store.get();
  assert.equal(resources.size, 51);
  assert.equal(resources.get('wanted 0')?.value, 0, 'is watched');
  assert.equal(resources.has('wanted 10'), false);
  assert.equal(resources.get('wanted 11')?.value, 11);
  still();
  stop();
});

void test('an answer that comes after it was forgotten is not kept', async () => {
  const { poller, store, round, stop } = core();
  let answer: (value: number) => void = () => undefined;
  const late: Wanted<number> = {
    key: 'late',
    everyMs: 0,
    ask: () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
  };
  const leave = poller.watch(late);
  await round();
  leave();
  for (let n = 1; n <= 50; n += 1) poller.watch(numbered(n))();
  answer(1);
  await round();
  assert.equal(store.get().resources.has('late'), false);
  stop();
});

void test('so many pages are followed by their cursors', async () => {
  const asked: string[] = [];
  const client = createClient({
    baseUrl: 'http://server',
    fetch: async (url) => {
      const cursor = new URL(String(url)).searchParams.get('cursor') ?? '0';
      asked.push(cursor);
      const page = Number(cursor);
      const body = { readings: [page * 2, page * 2 + 1], next_cursor: page === 2 ? null : String(page + 1) };
      return new Response(JSON.stringify(body), { headers: { 'Content-Type': 'application/json' } });
    },
  });
  const input = { params: { id: 1 }, query: { limit: 2 } };
  const { signal } = new AbortController();
  const of = (pages: number) =>
    wantedFirst('GET /api/widgets/{id}/readings', 'readings', { ...input, pages }).ask(client, signal);
  assert.deepEqual(await of(2), { items: [0, 1, 2, 3], more: true });
  assert.deepEqual(await of(5), { items: [0, 1, 2, 3, 4, 5], more: false });
  assert.deepEqual(asked, ['0', '1', '0', '1', '2']);
});
