import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connected, enrolled, reading, register } from '../helpers/devices.ts';
import type { Rest } from '../helpers/rest.ts';
import { ADMIN } from '../helpers/server.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';
import { type Hello, Wire } from '../helpers/wire.ts';

const stored = async (rest: Rest, what: string): Promise<number> => {
  const { body } = await rest.get<string>('/api/metrics');
  return Number(new RegExp(`^pm_iot_mqtt_${what} (\\d+)$`, 'm').exec(body)?.[1]);
};

void test('what one client does costs the others nothing', async (t) => {
  const { server, rest } = await startServer(t, { MAX_QUEUED: '10', MAX_SUBSCRIPTIONS: '300' });
  const { wire: honest } = await enrolled(server, rest, 'honest');
  t.after(() => honest.drop());
  const open = async (hello: Hello) => {
    const wire = await Wire.tcp(server.ports.mqtt);
    t.after(() => wire.drop());
    const { returnCode } = await wire.connect(hello);
    return { wire, returnCode };
  };
  const { wire: first, secret } = await enrolled(server, rest, 'rogue');
  await first.disconnect();

  await t.test(
    'the limit of subscriptions holds within one SUBSCRIBE of a session that is kept',
    async () => {
      const wire = await connected(server, 'rogue', secret, false);
      const filters = Array.from({ length: 900 }, (_, i) => `devices/rogue/${i}`);
      const codes = await wire.subscribe(...filters);
      assert.equal(codes.filter((code) => code === 1).length, 300);
      assert.deepEqual(await wire.subscribe('devices/rogue/0'), [1], 'what it has it may ask for again');
      await wire.drop();
      await connected(server, 'rogue', secret).then((again) => again.disconnect());
    },
  );

  await t.test('more filters at once than anybody needs end the connection', async () => {
    const wire = await connected(server, 'rogue', secret);
    await assert.rejects(wire.subscribe(...Array.from({ length: 1001 }, (_, i) => `a/${i}`)), /closed/);
  });

  await t.test('made-up commands to answer are looked up a few at a time', async () => {
    const wire = await connected(server, 'rogue', secret);
    const filters = Array.from({ length: 500 }, (_, i) => `devices/~${i}/command/response`);
    const codes = await wire.subscribe(...filters);
    assert.deepEqual([...new Set(codes)], [128]);
    await honest.publish('devices/honest/sensor', reading(1));
    await wire.drop();
  });

  await t.test('an enrolment token stores no session for made-up ids', async () => {
    const password = await rest.enroll({ max_uses: 1 });
    for (let i = 0; i < 5; i++) {
      const { wire, returnCode } = await open({
        clientId: `fake-${i}`,
        username: `fake-${i}`,
        password,
        clean: false,
      });
      assert.equal(returnCode, 0);
      await wire.drop();
    }
    assert.equal(await stored(rest, 'stored_sessions'), 0);
  });

  await t.test('a session that reads without confirming stays, though its queue is full', async () => {
    const { wire: reader } = await open({ clientId: 'reader', ...ADMIN, clean: false });
    await reader.subscribe('devices/#');
    reader.confirms = false;
    for (let i = 0; i < 30; i++) await honest.publish('devices/honest/sensor', reading(i));
    await until('all have come', () => reader.messages.length === 30);
    await reader.ping();
    assert.equal(await stored(rest, 'queued_messages'), 10);
    await reader.drop();
    await open({ clientId: 'reader', ...ADMIN }).then(({ wire }) => wire.drop());
  });

  await t.test('nothing is queued for who may not read it', async () => {
    const eva = { username: 'eva', password: 'correct horse battery' };
    await rest.expect(201, 'POST', '/api/auth/register', eva);
    const { wire } = await open({ clientId: 'phone', ...eva, clean: false });
    assert.deepEqual(await wire.subscribe('devices/#'), [1]);
    await wire.drop();
    await honest.publish('devices/honest/sensor', reading(2));
    assert.equal(await stored(rest, 'queued_messages'), 0);
  });

  await t.test('whoever knows a client id, and no secret, changes nothing of its session', async () => {
    const watcher = await open({ clientId: 'watcher', ...ADMIN });
    await watcher.wire.subscribe('home/x');
    const { user } = await rest.expect<{ user: { id: number } }>(200, 'GET', '/api/auth/me');
    const { wire: victim } = await open({ clientId: 'victim', ...ADMIN, clean: false });
    const send = (dup: boolean) => {
      const received = victim.packet(({ cmd }) => cmd === 'pubrec');
      victim.send({
        cmd: 'publish',
        topic: 'home/x',
        payload: 'once',
        qos: 2,
        messageId: 5,
        retain: false,
        dup,
      });
      return received;
    };
    await send(false);
    const id = `u${user.id}/victim`;
    const { wire: stranger, returnCode } = await open({
      clientId: id,
      username: 'nobody',
      password: 'wrong words',
    });
    assert.equal(returnCode, 4);
    await stranger.closed;
    await send(true);
    await watcher.wire.ping();
    await watcher.wire.ping();
    assert.equal(watcher.wire.messages.length, 1);
  });

  await t.test('a subscription that was refused is not kept beside one that was granted', async () => {
    const filters = ['devices/rogue/sensor', 'devices/~other/command/response', 'devices/honest/sensor'];
    const wire = await connected(server, 'rogue', secret, false);
    assert.deepEqual(await wire.subscribe(...filters), [1, 128, 128]);
    await wire.drop();
    const again = await connected(server, 'rogue', secret, false);
    await honest.publish('devices/honest/sensor', reading(3));
    await again.ping();
    assert.deepEqual(again.messages, []);
    assert.deepEqual(await again.subscribe('devices/rogue/other'), [1]);
    await again.drop();
  });

  await t.test('which devices there are is not told to who has no secret', async () => {
    const password = 'A'.repeat(43);
    for (const username of ['honest', 'no-such-device']) {
      for (const clientId of ['a b', username]) {
        const { wire, returnCode } = await open({ clientId, username, password });
        assert.equal(returnCode, 4, `${clientId} as ${username}`);
        await wire.closed;
      }
    }
  });

  await t.test('a device whose name an account has too does not keep that person out', async () => {
    await rest.expect(201, 'POST', '/api/auth/register', {
      username: 'honest',
      password: 'a person of that name',
    });
    const { returnCode } = await open({
      clientId: 'honest',
      username: 'honest',
      password: 'a person of that name',
    });
    assert.equal(returnCode, 0);
    assert.equal(honest.ended, false);
  });

  await t.test('registering needs the connection that may, not a will', async () => {
    const { wire, returnCode } = await open({
      clientId: 'rogue',
      username: 'rogue',
      password: secret,
      will: { topic: 'devices/register', payload: '{}' },
    });
    assert.equal(returnCode, 5);
    await wire.closed;
    const removed = await connected(server, 'rogue', secret);
    await rest.expect(204, 'DELETE', '/api/devices/rogue');
    await removed.closed;
    await rest.expect(404, 'GET', '/api/devices/rogue');
    const { wire: fresh } = await open({
      clientId: 'rogue',
      username: 'rogue',
      password: await rest.enroll(),
    });
    assert.equal((await register(fresh, 'rogue')).status, 'registered');
  });

  assert.equal(honest.ended, false);
});
