import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGuessGuard } from '../../db/accounts/guess-guard.ts';
import { createGuessNews } from '../../db/accounts/guess-news.ts';
import { createHomes, type KnownHomes } from '../../db/accounts/homes.ts';
import { createSecretGuard } from '../../db/accounts/secret-guard.ts';
import type { Bus } from '../../db/domain/cluster.ts';
import type { LimitName, Offender } from '../../db/domain/limits.ts';
import { silent } from '../helpers/database.ts';

const HOME = '192.0.2.1';

/** On a clock that is moved by hand. `kept`: what the run before left. */
async function openGuard(kept: KnownHomes = []) {
  let time = Date.UTC(2026, 0, 1);
  const now = () => time;
  const reached: [LimitName, Offender][] = [];
  const watch = { reached: (limit: LimitName, by: Offender) => void reached.push([limit, by]) };
  const written: KnownHomes[] = [];
  const store = { read: async () => kept, write: async (homes: KnownHomes) => void written.push(homes) };
  const homes = createHomes({ store, log: silent });
  await homes.load();
  const limits = { loginFailuresPerAddress: 300, loginFailuresPerName: 100 };
  const guard = createGuessGuard({ limits, homes, news: createGuessNews(null), watch, now });
  const attempt = async (name: string, address: string, outcome: Parameters<typeof guard.settle>[2]) => {
    const wait = await guard.enter(name, address);
    if (wait === null) await guard.settle(name, address, outcome);
    return wait;
  };
  const fail = async (times: number, name: string, address: string) => {
    for (let i = 0; i < times; i++) await attempt(name, address, 'wrong');
  };
  const limitsReached = () => reached.map(([limit]) => limit);
  return {
    guard,
    homes,
    written,
    attempt,
    fail,
    reached,
    limitsReached,
    pass: (ms: number) => {
      time += ms;
    },
  };
}

void test('ten wrong ones of a name from an address lock the two for a minute', async () => {
  const { attempt, fail, reached, pass } = await openGuard();
  await fail(10, 'eva', HOME);
  assert.deepEqual(reached, [['login_failures', { actor: 'eva', address: HOME }]]);
  assert.equal(await attempt('eva', HOME, 'right'), 60);
  assert.equal(await attempt('eva', '192.0.2.2', 'right'), null);
  assert.equal(await attempt('max', HOME, 'right'), null);
  pass(60_000);
  assert.equal(await attempt('eva', HOME, 'right'), null);
});

void test('all addresses of an IPv6 network count as one, also where the name is at home', async () => {
  const { attempt, fail } = await openGuard([['eva', ['2001:db8:0:1::/64']]]);
  for (let i = 0; i < 10; i++) await fail(1, 'eva', `2001:db8:0:1::${i + 1}`);
  assert.equal(await attempt('eva', '2001:db8:0:1:ffff::1', 'right'), 60);
  assert.equal(await attempt('eva', '2001:db8:0:2::1', 'right'), null);
});

void test('where others guess from the same address, who has logged in from there goes on', async () => {
  const { attempt, fail, limitsReached } = await openGuard();
  assert.equal(await attempt('eva', HOME, 'right'), null);
  for (let i = 0; i < 300; i++) await fail(1, `name ${i}`, HOME);
  assert.deepEqual(limitsReached(), ['login_failures_per_address']);
  assert.equal(await attempt('max', HOME, 'right'), 60);
  assert.equal(await attempt('eva', HOME, 'right'), null);
  await fail(10, 'eva', HOME);
  assert.equal(await attempt('eva', HOME, 'right'), 60, 'within the limit of the pair');
});

void test('where many addresses guess one name, it goes on from where it was used before a restart', async () => {
  const { written, attempt: before, homes } = await openGuard();
  await before('admin', HOME, 'right');
  await homes.stop();
  const { attempt, fail, limitsReached } = await openGuard(written.at(-1));
  for (let i = 0; i < 10; i++) await fail(10, 'admin', `198.51.100.${i}`);
  assert.ok(limitsReached().includes('login_failures_per_name'));
  assert.equal(await attempt('admin', '203.0.113.1', 'right'), 60);
  assert.equal(await attempt('admin', HOME, 'right'), null);
});

void test('a try that found no room costs the address, and not the name', async () => {
  const { attempt, limitsReached } = await openGuard();
  for (let i = 0; i < 299; i++) await attempt('eva', HOME, 'crowded');
  assert.deepEqual(limitsReached(), []);
  await attempt('eva', HOME, 'crowded');
  assert.deepEqual(limitsReached(), ['login_failures_per_address']);
  assert.equal(await attempt('max', HOME, 'right'), 60);
  assert.equal(await attempt('eva', '192.0.2.2', 'right'), null);
});

void test('who comes from home is told apart from strangers of the same address', async () => {
  const { guard, attempt } = await openGuard();
  await attempt('eva', HOME, 'right');
  assert.deepEqual(guard.visitor('eva', HOME), { known: true, key: `eva\n${HOME}` });
  assert.deepEqual(guard.visitor('max', HOME), { known: false, key: HOME });
  assert.deepEqual(guard.visitor('eva', '2001:db8::1'), { known: false, key: '2001:db8:0:0::/64' });
  guard.forget('eva');
  assert.equal(guard.visitor('eva', HOME).known, false, 'an account that is gone has no home');
});

void test('homes are written when one is new, and are bounded', async () => {
  const { attempt, homes, written } = await openGuard();
  for (let i = 0; i < 30; i++) await attempt('eva', `192.0.2.${i}`, 'right');
  await homes.stop();
  const writes = written.length;
  assert.deepEqual(
    written.at(-1)?.map(([name, groups]) => [name, groups.length, groups[0]]),
    [['eva', 20, '192.0.2.10']],
  );
  await attempt('eva', '192.0.2.15', 'right');
  await homes.stop();
  assert.equal(written.length, writes);
});

void test('homes that could not be written are written with the next', async () => {
  const written: KnownHomes[] = [];
  let away = true;
  const write = async (known: KnownHomes) => {
    if (away) throw new Error('the database is away');
    written.push(known);
  };
  const homes = createHomes({ store: { read: async () => [], write }, log: silent });
  homes.add('eva', HOME);
  await homes.stop();
  away = false;
  homes.add('max', HOME);
  await homes.stop();
  assert.deepEqual(written, [
    [
      ['eva', [HOME]],
      ['max', [HOME]],
    ],
  ]);
});

void test('ten wrong secrets of a device from an address are a limit that is told, with the device', () => {
  const reached: [LimitName, Offender][] = [];
  const watch = { reached: (limit: LimitName, by: Offender) => void reached.push([limit, by]) };
  const guard = createSecretGuard({ news: createGuessNews(null), watch, now: () => 0 });
  const fail = (name: string, address: string) => {
    for (let i = 0; i < 10; i++) void guard.failed(name, address);
  };
  fail('lamp', '2001:db8::1');
  fail('no device', HOME);
  assert.deepEqual(reached, [
    ['login_failures', { actor: 'lamp', deviceId: 'lamp', address: '2001:db8::1' }],
    ['login_failures', { actor: 'no device', address: HOME }],
  ]);
  assert.equal(guard.lockedFor('lamp', '2001:db8::1'), 60);
  assert.equal(guard.lockedFor('lamp', '2001:db8::2'), null, 'no other host of the network is locked out');
});

void test('a crowd of guesses is told to other nodes in one message of bounded size', async () => {
  const told: unknown[][] = [];
  const news = createGuessNews({
    ...({ on: () => {} } as unknown as Bus),
    ask: (_kind, facts) => {
      told.push(facts as unknown[]);
      return Promise.resolve();
    },
  });
  const all = Array.from({ length: 3000 }, (_, i) => news.tell('wrong', `name-${i}`, HOME));
  await Promise.all(all);
  await news.tell('right', 'eva', HOME);
  assert.deepEqual(
    told.map(({ length }) => length),
    [1000, 1],
  );
});
