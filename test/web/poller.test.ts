import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { knownOf, seldom, type Wanted, wanted, wantedAll } from '../../web/state/index.ts';
import { AppAt, type Asked, answerWith, refuseWith, sessionOf } from '../helpers/app-core.ts';
import { settled } from '../helpers/hand-clock.ts';
import { until } from '../helpers/wait.ts';

const SYSTEM = wanted('GET /api/system');
const HEALTH = wanted('GET /api/health');
const ME = wanted('GET /api/auth/me', {}, 60_000);
const ROOMS = wantedAll('GET /api/rooms', 'rooms');

const etagged = (asked: Asked, version: number) => {
  const ETag = `"${version}"`;
  if (asked.headers['if-none-match'] === ETag) asked.response.writeHead(304, { ETag }).end();
  else answerWith(asked, { version }, { headers: { ETag } });
};

const plain = (t: TestContext) => AppAt.start(t, (asked) => answerWith(asked, { path: asked.path }));
const known = (app: AppAt, what: Wanted<unknown>) => knownOf(app.state, what).value;
const told = (app: AppAt, what: Wanted<unknown>) =>
  until('it is told', () => known(app, what) !== null && app.state.link.phase === 'up');
/** A round has ended, and the next one is planned. */
const planned = async (app: AppAt): Promise<number> => {
  await settled();
  return until('the next round is planned', () => app.clock.next);
};
/** Lets the clock run to the next round, and that round come to its end. */
async function nextRound(app: AppAt): Promise<void> {
  const before = app.asked.length;
  await app.clock.advance(await planned(app));
  await until('it is asked', () => app.asked.length > before);
  await planned(app);
}

void test('what is watched is asked for at once, then every 10 s, until the last one looks away', async (t) => {
  const app = await plain(t);
  const first = app.core.poller.watch(SYSTEM);
  const second = app.core.poller.watch(SYSTEM);
  await nextRound(app);
  assert.deepEqual(known(app, SYSTEM), { path: '/api/system' });
  assert.equal(app.asked.length, 1);
  await app.clock.advance(9999);
  assert.equal(app.asked.length, 1);
  await app.clock.advance(1);
  await until('it is asked again', () => app.asked.length === 2);
  await planned(app);

  first();
  first();
  await nextRound(app);
  assert.equal(app.asked.length, 3);
  second();
  await planned(app);
  await app.clock.advance(60_000);
  assert.equal(app.asked.length, 3);

  app.core.poller.watch(HEALTH);
  await app.clock.advance(0);
  await until('another is asked for at once', () => app.askedFor('/api/health').length === 1);
});

void test('each question is asked with the ETag of its last answer, and no news is no change', async (t) => {
  let version = 1;
  const app = await AppAt.start(t, (asked) => etagged(asked, version));
  app.core.poller.watch(SYSTEM);
  await nextRound(app);
  const before = known(app, SYSTEM);
  for (let round = 0; round < 3; round += 1) await nextRound(app);
  assert.ok(known(app, SYSTEM) === before);
  version = 2;
  await nextRound(app);
  assert.deepEqual(known(app, SYSTEM), { version: 2 });
  await nextRound(app);
  assert.deepEqual(
    app.asked.map(({ headers }) => headers['if-none-match']),
    [undefined, '"1"', '"1"', '"1"', '"1"', '"2"'],
  );
});

void test('a list is followed through its pages, each with its own ETag', async (t) => {
  const app = await AppAt.start(t, (asked) => {
    const cursor = new URLSearchParams(asked.path.split('?')[1]).get('cursor');
    const ETag = `"${cursor}"`;
    if (asked.headers['if-none-match'] === ETag) return asked.response.writeHead(304, { ETag }).end();
    const page = cursor === null ? 1 : Number(cursor);
    const rooms = [{ id: page, name: `room ${page}`, devices_count: 0 }];
    return answerWith(
      asked,
      { rooms, next_cursor: page < 3 ? String(page + 1) : null },
      { headers: { ETag } },
    );
  });
  app.core.poller.watch(ROOMS);
  await nextRound(app);
  await until('all pages are there', () => app.asked.length === 3);
  await until('it is told', () => known(app, ROOMS) !== null);
  assert.deepEqual(
    knownOf(app.state, ROOMS).value?.map(({ id }) => id),
    [1, 2, 3],
  );
  const before = known(app, ROOMS);
  await nextRound(app);
  await until('all pages are asked for', () => app.asked.length === 6);
  assert.deepEqual(
    app.asked.slice(3).map(({ headers }) => headers['if-none-match']),
    ['"null"', '"2"', '"3"'],
  );
  assert.ok(known(app, ROOMS) === before);
});

void test('what changes seldom is asked for seldom; a refresh asks for it at once', async (t) => {
  const app = await plain(t);
  app.core.poller.watch(SYSTEM);
  app.core.poller.watch(ME);
  for (let round = 0; round < 6; round += 1) await nextRound(app);
  assert.equal(app.askedFor('/api/auth/me').length, 1);
  assert.equal(app.askedFor('/api/system').length, 6);
  await nextRound(app);
  assert.equal(app.askedFor('/api/auth/me').length, 2);
  app.core.poller.refresh(ME.key);
  assert.equal(await planned(app), 0);
  await nextRound(app);
  assert.equal(app.askedFor('/api/auth/me').length, 3);
  await app.core.run(() => Promise.resolve());
  await nextRound(app);
  assert.equal(app.askedFor('/api/auth/me').length, 4);
  // Who comes back to the page asks for what is due, not for everything.
  const before = app.askedFor('/api/system').length;
  app.core.poller.look();
  assert.equal(await planned(app), 0);
  await nextRound(app);
  assert.equal(app.askedFor('/api/system').length, before + 1);
  assert.equal(app.askedFor('/api/auth/me').length, 4);
});

void test('of two who watch the same, the one in the greater hurry is served', async (t) => {
  const app = await plain(t);
  // Something is asked for in every round.
  app.core.poller.watch(wanted('GET /api/health'));
  app.core.poller.watch(seldom(SYSTEM, 60_000));
  const hurried = app.core.poller.watch(SYSTEM);
  for (let round = 0; round < 3; round += 1) await nextRound(app);
  assert.equal(app.askedFor('/api/system').length, 3);
  hurried();
  for (let round = 0; round < 3; round += 1) await nextRound(app);
  assert.equal(app.askedFor('/api/system').length, 3);
});

void test('a hidden page asks each minute, and at once when somebody looks again', async (t) => {
  const app = await plain(t);
  app.core.poller.watch(SYSTEM);
  await nextRound(app);
  app.core.poller.setHidden(true);
  await nextRound(app);
  assert.equal(await planned(app), 60_000);
  await app.clock.advance(59_000);
  assert.equal(app.asked.length, 2);
  app.core.poller.setHidden(true);
  assert.equal(await planned(app), 1000);
  app.core.poller.setHidden(false);
  assert.equal(await planned(app), 0);
  await nextRound(app);
  assert.equal(app.asked.length, 3);
  assert.equal(await planned(app), 10_000);
});

void test('after a command it asks at once, and every 2 s for 30 s', async (t) => {
  const app = await plain(t);
  app.core.poller.watch(SYSTEM);
  await nextRound(app);
  app.core.poller.hurry();
  assert.equal(await planned(app), 0);
  await nextRound(app);
  for (let s = 2; s < 30; s += 2) {
    assert.equal(await planned(app), 2000);
    await nextRound(app);
  }
  assert.equal(await planned(app), 2000);
  await nextRound(app);
  assert.equal(await planned(app), 10_000);
});

void test('a server that is away is told to be, asked less and less often, and told to be back', async (t) => {
  const app = await plain(t);
  app.core.poller.watch(SYSTEM);
  await nextRound(app);
  const before = known(app, SYSTEM);
  const { heardAt } = app.state.link;
  await app.away();
  for (const [i, delay] of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000].entries()) {
    await app.clock.advance(await planned(app));
    await until('it is found away', () => app.state.link.failures === i + 1);
    assert.equal(await planned(app), delay);
  }
  assert.deepEqual(app.state.link, { phase: 'away', heardAt, failures: 7 });
  assert.ok(known(app, SYSTEM) === before, 'what was told is still shown');
  assert.notEqual(app.state.session, null);
  await app.back();
  await nextRound(app);
  assert.deepEqual(app.state.link, { phase: 'up', heardAt: app.clock.now(), failures: 0 });
  assert.equal(await planned(app), 10_000);
});

void test('what was not answered is asked for again, also where it is asked for seldom', async (t) => {
  const app = await plain(t);
  await app.away();
  app.core.poller.watch(ME);
  await app.clock.advance(0);
  await until('it is found away', () => app.state.link.phase === 'away');
  await app.back();
  await nextRound(app);
  await told(app, ME);
});

void test('the server is left alone for as long as it asks for', async (t) => {
  const app = await AppAt.start(t, (asked) => refuseWith(asked, 503, 'BUSY', { 'Retry-After': '45' }));
  app.core.poller.watch(SYSTEM);
  await nextRound(app);
  assert.equal(await planned(app), 45_000);
  assert.deepEqual(knownOf(app.state, SYSTEM).failure, { code: 'BUSY', text: 'it is BUSY', status: 503 });
  assert.equal(app.state.link.phase, 'up');
  app.answer = (asked) => answerWith(asked, {});
  await nextRound(app);
  assert.deepEqual(knownOf(app.state, SYSTEM), { value: {}, failure: null, request: 2 });
  assert.equal(await planned(app), 10_000);
});

void test('a refusal leaves what was told, and the others are asked all the same', async (t) => {
  const app = await plain(t);
  for (const each of [SYSTEM, HEALTH, ME]) app.core.poller.watch(each);
  await nextRound(app);
  const before = known(app, SYSTEM);
  app.answer = (asked) =>
    asked.path === '/api/system' ? refuseWith(asked, 403, 'FORBIDDEN') : answerWith(asked, {});
  await nextRound(app);
  assert.ok(known(app, SYSTEM) === before);
  assert.equal(knownOf(app.state, SYSTEM).failure?.code, 'FORBIDDEN');
  assert.deepEqual(known(app, HEALTH), {});
  assert.equal(await planned(app), 10_000);
});

void test('401 ends the session, and nothing is asked until somebody logs in', async (t) => {
  const app = await plain(t);
  app.core.poller.watch(SYSTEM);
  await nextRound(app);
  app.answer = (asked) => refuseWith(asked, 401, 'UNAUTHORIZED');
  await app.clock.advance(10_000);
  await until('it is logged out', () => app.state.session === null);
  assert.equal(app.state.ended, 'ended');
  assert.equal(app.state.resources.size, 0);
  assert.equal(app.keeper.kept, null);
  const { length } = app.asked;
  await settled();
  await app.clock.advance(120_000);
  assert.equal(app.asked.length, length);
  app.answer = (asked) => answerWith(asked, {});
  app.core.adopt(sessionOf('second'));
  await nextRound(app);
  assert.equal(app.asked.at(-1)?.token, 'second');
});

void test('an answer to an earlier session never ends up in a later one', async (t) => {
  const late: Asked[] = [];
  const app = await AppAt.start(t, (asked) => {
    if (asked.token === 'first') late.push(asked);
    else answerWith(asked, { of: asked.token });
  });
  app.core.poller.watch(SYSTEM);
  app.core.poller.watch(HEALTH);
  await app.clock.advance(0);
  await until('they are asked', () => late.length === 2);
  app.core.adopt(sessionOf('second'));
  const [one, two] = late;
  if (one) answerWith(one, { of: 'first' });
  if (two) refuseWith(two, 401, 'UNAUTHORIZED');
  await nextRound(app);
  await told(app, SYSTEM);
  await told(app, HEALTH);
  assert.deepEqual(known(app, SYSTEM), { of: 'second' });
  assert.deepEqual(known(app, HEALTH), { of: 'second' });
  assert.equal(app.state.session?.token, 'second');
});

void test('whoever logs in while the server is found away is not kept waiting', async (t) => {
  const held: Asked[] = [];
  const app = await AppAt.start(t, (asked) => void held.push(asked));
  app.core.store.dispatch({ kind: 'unreachable' });
  app.core.poller.watch(SYSTEM);
  await app.clock.advance(0);
  await until('it is asked', () => held.length === 1);
  app.core.adopt(sessionOf('second'));
  assert.equal(await planned(app), 0);
});

void test('a fault of the program is thrown on, told where it belongs, and the others are asked', async (t) => {
  const app = await plain(t);
  // No path can carry this device.
  const impossible = wanted('GET /api/devices/{device_id}', { params: { device_id: '..' } });
  const thrown: unknown[] = [];
  const listeners = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', (error) => thrown.push(error));
  t.after(() => {
    process.removeAllListeners('unhandledRejection');
    for (const listener of listeners) process.on('unhandledRejection', listener);
  });
  app.core.poller.watch(impossible);
  app.core.poller.watch(SYSTEM);
  await nextRound(app);
  await nextRound(app);
  assert.deepEqual(known(app, SYSTEM), { path: '/api/system' });
  assert.equal(app.askedFor('/api/system').length, 2);
  assert.equal(knownOf(app.state, impossible).failure?.code, 'UNEXPECTED');
  assert.ok(thrown.length >= 1 && thrown.every((error) => error instanceof TypeError));
});
