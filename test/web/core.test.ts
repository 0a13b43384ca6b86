import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wanted } from '../../web/state/index.ts';
import { AppAt, type Asked, answerWith, refuseWith, sessionOf } from '../helpers/app-core.ts';
import { settled } from '../helpers/hand-clock.ts';
import { until } from '../helpers/wait.ts';

const SYSTEM = wanted('GET /api/system');
const LOGIN = { username: 'admin', password: 'secret' };

const commandOf = (id: number, status: string, value = 'ON', more: object = {}) => ({
  command: { id, widget_id: 1, value, status, result_value: null, error: null, ...more },
});

void test('a log-in is kept beyond the page, and a log-out is not', async (t) => {
  const { user, expiresAt } = sessionOf('made');
  const app = await AppAt.start(
    t,
    (asked) =>
      asked.path === '/api/auth/login'
        ? answerWith(asked, { token: 'made', expires_at: new Date(expiresAt).toISOString(), user })
        : asked.response.writeHead(204).end(),
    null,
  );
  assert.equal(app.state.session, null);
  await app.core.logIn(LOGIN);
  assert.deepEqual(app.keeper.kept, { token: 'made', expiresAt, user });
  await app.core.logOut();
  assert.equal(app.keeper.kept, null);
  assert.equal(app.state.ended, 'logged_out');
  assert.equal(app.askedFor('/api/auth/logout')[0]?.token, 'made');
});

void test('a refused log-in is thrown, and nobody is logged in or out by it', async (t) => {
  const app = await AppAt.start(t, (asked) => refuseWith(asked, 401, 'UNAUTHORIZED'), null);
  await assert.rejects(app.core.logIn(LOGIN), { code: 'UNAUTHORIZED' });
  assert.equal(app.state.session, null);
  assert.equal(app.state.ended, null);
});

void test('a log-out is at once, also while the server does not answer', async (t) => {
  const held: Asked[] = [];
  const app = await AppAt.start(t, (asked) => void held.push(asked));
  const ended = app.core.logOut();
  assert.equal(app.state.session, null);
  assert.equal(app.keeper.kept, null);
  await until('the server is told', () => held.length === 1);
  assert.equal(held[0]?.token, 'first');
  app.core.adopt(sessionOf('second'));
  if (held[0]) refuseWith(held[0], 401, 'UNAUTHORIZED');
  await assert.rejects(ended);
  assert.equal(app.core.store.get().session?.token, 'second');
});

void test('a session that another tab began or ended is taken over, and not written back', async (t) => {
  const app = await AppAt.start(t, (asked) => answerWith(asked, {}));
  const other = sessionOf('other');
  app.keeper.kept = other;
  app.core.adopt(other);
  assert.equal(app.state.session?.token, 'other');
  app.core.adopt(null);
  assert.equal(app.state.session, null);
  assert.ok(app.keeper.kept === other);
});

void test('a session whose time is over is not taken up', async (t) => {
  const app = await AppAt.start(t, (asked) => answerWith(asked, {}), null);
  app.keeper.kept = { ...sessionOf('old'), expiresAt: app.clock.now() };
  const { createCore } = await import('../../web/state/index.ts');
  const core = createCore({ clock: app.clock, keeper: app.keeper });
  t.after(() => core.stop());
  assert.equal(core.store.get().session, null);
});

void test('401 to a change ends the session that asked for it, and no other', async (t) => {
  const held: Asked[] = [];
  const app = await AppAt.start(t, (asked) => void held.push(asked));
  const change = app.core.run((client) => client.call('POST /api/rooms', { body: { name: 'Hall' } }));
  await until('it is asked', () => held.length === 1);
  app.core.adopt(sessionOf('second'));
  if (held[0]) refuseWith(held[0], 401, 'UNAUTHORIZED');
  await assert.rejects(change, { code: 'UNAUTHORIZED' });
  assert.equal(app.state.session?.token, 'second');
  app.answer = (asked) => refuseWith(asked, 401, 'UNAUTHORIZED');
  const again = app.core.run((client) => client.call('POST /api/rooms', { body: { name: 'Hall' } }));
  await assert.rejects(again, { code: 'UNAUTHORIZED' });
  assert.equal(app.state.session, null);
  assert.equal(app.state.ended, 'ended');
});

void test('commands to one widget go one after the other, and of those that wait only the last', async (t) => {
  const held: Asked[] = [];
  const app = await AppAt.start(t, (asked) => void held.push(asked));
  for (const value of ['a', 'b', 'c']) app.core.commander.give(1, value);
  app.core.commander.give(2, 'x');
  await until('two are asked for', () => held.length === 2);
  const first = held.find(({ path }) => path.startsWith('/api/widgets/1/'));
  if (first) answerWith(first, commandOf(7, 'executed', 'a'));
  await until('the last is asked for', () => held.length === 3);
  assert.equal(app.state.commands.get(1)?.value, 'c');
  assert.equal(app.state.commands.get(1)?.phase, 'sending');
  if (held[2]) answerWith(held[2], commandOf(8, 'executed', 'c'));
  await until('it is told', () => app.state.commands.get(1)?.phase === 'executed');
  await settled();
  assert.equal(held.length, 3);
});

void test('a command that waits for its turn is not sent in the name of the next session', async (t) => {
  const held: Asked[] = [];
  const app = await AppAt.start(t, (asked) => void held.push(asked));
  app.core.commander.give(1, 'a');
  app.core.commander.give(1, 'b');
  await until('the first is asked for', () => held.length === 1);
  app.core.adopt(sessionOf('second'));
  app.core.commander.give(1, 'mine');
  await until('that of the next session does not wait', () => held.length === 2);
  assert.equal(held[1]?.token, 'second');
  if (held[0]) refuseWith(held[0], 401, 'UNAUTHORIZED');
  if (held[1]) answerWith(held[1], commandOf(9, 'executed', 'mine'));
  await until('it is told', () => app.state.commands.get(1)?.phase === 'executed');
  await settled();
  assert.equal(app.state.session?.token, 'second');
  assert.deepEqual(
    held.map(({ token }) => token),
    ['first', 'second'],
  );
});

void test('a command under way is followed in each round until its end', async (t) => {
  let status = 'queued';
  const app = await AppAt.start(t, (asked) =>
    answerWith(asked, asked.path.startsWith('/api/system') ? {} : commandOf(7, status)),
  );
  app.core.poller.watch(SYSTEM);
  app.core.commander.give(1, 'ON');
  const phase = () => app.state.commands.get(1)?.phase;
  await until('it is told', () => phase() === 'queued');
  status = 'sent';
  await app.clock.advance(2000);
  await until('it is told', () => phase() === 'sent');
  status = 'expired';
  await until('it is told', async () => {
    await app.clock.advance(2000);
    return phase() === 'expired';
  });
  const { length } = app.askedFor('/api/commands/7');
  await app.clock.advance(30_000);
  assert.equal(app.askedFor('/api/commands/7').length, length);
});

void test('a command that is not there any more has failed', async (t) => {
  const app = await AppAt.start(t, (asked) =>
    asked.method === 'POST' ? answerWith(asked, commandOf(7, 'sent')) : refuseWith(asked, 404, 'NOT_FOUND'),
  );
  app.core.commander.give(1, 'ON');
  await until('it is told', () => app.state.commands.get(1)?.phase === 'sent');
  await app.clock.advance(2000);
  await until('it is told', () => app.state.commands.get(1)?.phase === 'failed');
  assert.equal(app.state.commands.get(1)?.failure?.code, 'NOT_FOUND');
});

void test('a session that begins does not wait for what is asked about the commands of the one before', async (t) => {
  const held: Asked[] = [];
  const app = await AppAt.start(t, (asked) => {
    if (asked.method === 'POST') answerWith(asked, commandOf(7, 'sent'));
    else if (asked.path.startsWith('/api/commands')) held.push(asked);
    else answerWith(asked, {});
  });
  app.core.poller.watch(SYSTEM);
  app.core.commander.give(1, 'ON');
  await until('it is told', () => app.state.commands.get(1)?.phase === 'sent');
  await app.clock.advance(2000);
  await until('it is asked after', () => held.length === 1);
  app.core.adopt(sessionOf('second'));
  await settled();
  await app.clock.advance(0);
  await until('the new session asks', () => app.asked.some(({ token }) => token === 'second'));
});
