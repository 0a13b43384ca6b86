import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runBeside, runWithInput } from '../helpers/command.ts';
import { Rest } from '../helpers/rest.ts';
import { ADMIN } from '../helpers/server.ts';
import { startServer } from '../helpers/setup.ts';
import { Wire } from '../helpers/wire.ts';

void test('npm run password', async (t) => {
  const { server, rest } = await startServer(t);
  const login = (password: string) =>
    new Rest(server).call<{ user?: { must_change_password: boolean } }>('POST', '/api/auth/login', {
      username: ADMIN.username,
      password,
    });
  const mustChange = async (password: string) => (await login(password)).body.user?.must_change_password;

  await t.test('one that was chosen may stay', async () => {
    assert.equal(await mustChange(ADMIN.password), false);
  });

  await t.test('gives an admin who forgot it a random one, and ends what the old one opened', async () => {
    const wire = await Wire.tcp(server.ports.mqtt);
    await wire.connect({ clientId: 'phone', ...ADMIN });
    const { code, stdout, stderr } = await runBeside(server, 'password', ADMIN.username);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^[\w-]{24}\n$/, 'alone on standard output');
    assert.match(stderr, /admin .*not shown again\.\n.*logged out/);
    assert.ok(!stderr.includes(stdout.trim()), 'once');
    await wire.closed;
    await rest.expect(401, 'GET', '/api/auth/me');
    assert.equal((await login(ADMIN.password)).status, 401);
    assert.equal(await mustChange(stdout.trim()), true, 'others may have seen it');
  });

  await t.test('takes one from standard input', async () => {
    const password = ' words that belong to me ';
    const { code, stdout, stderr } = await runWithInput(
      `${password}\n`,
      server,
      'password',
      'admin',
      '--stdin',
    );
    assert.deepEqual([code, stdout], [0, '']);
    assert.ok(!stderr.includes(password));
    assert.equal(await mustChange(password), false);
  });

  await t.test('says what is wrong, without a password', async () => {
    const cases: [string[], string, number, RegExp][] = [
      [['eva'], '', 1, /^there is no user "eva"; there is: admin$/m],
      [['admin', '--stdin'], 'password123\n', 1, /^the server refuses: password: is one of the most common/m],
      [['admin', '--stdin'], '', 64, /^--stdin needs one line/],
      [['admin', '--stdin'], 'one line\nand one more\n', 64, /^--stdin needs one line/],
      [[], '', 64, /^the name of a person is needed/],
      [['admin', 'my secret words'], '', 64, /^one name is all/],
      [['admin', '--password=x'], '', 64, /--password/],
      [['admin', '--url', 'http://127.0.0.1:1'], '', 1, /^no server answers at http:\/\/127\.0\.0\.1:1 /],
    ];
    for (const [args, input, expected, message] of cases) {
      const { code, stdout, stderr } = await runWithInput(input, server, 'password', ...args);
      assert.equal(code, expected, args.join(' '));
      assert.match(stderr, message);
      assert.equal(stdout, '');
      assert.ok(!stderr.includes('my secret words'));
    }
  });
});
