import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connected, enrolled } from '../helpers/devices.ts';
import type { CommandBody, Rest } from '../helpers/rest.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';
import type { Wire } from '../helpers/wire.ts';

interface Sent {
  correlation_id: string;
  widget_id: number;
  capability_type: string;
  control_type: string;
  value: unknown;
  reply_topic: string;
  timestamp: string;
}

/** Answers every command, and keeps them. */
async function obey(wire: Wire, deviceId: string, result: (command: Sent) => object | null, older = false) {
  const topic = older ? `device/${deviceId}/command` : `devices/${deviceId}/command/request`;
  const commands: Sent[] = [];
  wire.onMessage = (message) => {
    if (message.topic !== topic) return;
    const command = JSON.parse(message.payload) as Sent;
    commands.push(command);
    const answer = result(command);
    if (answer !== null)
      void wire.publish(older ? `device/${deviceId}/response` : command.reply_topic, answer);
  };
  await wire.subscribe(topic);
  return commands;
}

function commander(rest: Rest) {
  const command = async (deviceId: string, type: string, value: unknown, wait = 5000) => {
    const { widget_id } = await rest.widget(deviceId, type);
    const { status, body } = await rest.call<{ command: CommandBody }>(
      'POST',
      `/api/widgets/${widget_id}/command?wait=${wait}`,
      { value },
    );
    return { status, command: body.command };
  };
  const ended = (id: number, status: string) =>
    until(`command ${id} is ${status}`, async () => {
      const { command } = await rest.expect<{ command: CommandBody }>(200, 'GET', `/api/commands/${id}`);
      return command.status === status ? command : null;
    });
  return { command, ended };
}

void test('commands', async (t) => {
  const { server, rest } = await startServer(t);
  const { command, ended } = commander(rest);

  await t.test('a device that obeys: 200, executed, and the value is what it reported', async () => {
    const { wire } = await enrolled(server, rest, 'good');
    const commands = await obey(wire, 'good', ({ value }) => ({ status: 'success', value }));
    const { status, command: done } = await command('good', 'power', 'ON');
    assert.equal(status, 200);
    assert.equal(done.status, 'executed');
    assert.equal(done.result_value, 'ON');
    const [sent] = commands;
    assert.match(sent?.correlation_id ?? '', /^~/);
    assert.equal(sent?.reply_topic, `devices/${sent?.correlation_id}/command/response`);
    assert.equal(sent?.capability_type, 'power');
    const widget = await rest.widget('good', 'power');
    assert.equal(widget.value, 'ON');
    assert.equal(widget.pending, null);
    await wire.disconnect();
  });

  await t.test('a device that refuses: 200, rejected, with its words; the value stays', async () => {
    const { wire } = await enrolled(server, rest, 'stubborn');
    await obey(wire, 'stubborn', () => ({ status: 'error', message: 'the blades are jammed' }));
    const { status, command: done } = await command('stubborn', 'power', 'ON');
    assert.equal(status, 200);
    assert.equal(done.status, 'rejected');
    assert.equal(done.error, 'the blades are jammed');
    assert.equal((await rest.widget('stubborn', 'power')).value, null);
    await wire.disconnect();
  });

  await t.test('the older spelling and an answer by correlation_id work too', async () => {
    const { wire } = await enrolled(server, rest, 'old');
    await obey(
      wire,
      'old',
      ({ correlation_id, value }) => ({ correlation_id, status: 'success', value }),
      true,
    );
    assert.equal((await command('old', 'brightness', 40)).command.status, 'executed');
    assert.equal((await rest.widget('old', 'brightness')).value, 40);
    await wire.disconnect();
  });

  await t.test(
    'a device that is away: 202 queued, delivered in order once it subscribes, never twice',
    async () => {
      const { wire, secret } = await enrolled(server, rest, 'away');
      await wire.disconnect();
      await until('it is away', async () => !(await rest.device('away')).connected);
      const first = await command('away', 'power', 'ON', 0);
      const second = await command('away', 'power', 'OFF', 0);
      assert.deepEqual([first.status, first.command.status], [202, 'queued']);
      const back = await connected(server, 'away', secret);
      const commands = await obey(back, 'away', ({ value }) => ({ status: 'success', value }));
      await ended(first.command.id, 'executed');
      await ended(second.command.id, 'executed');
      assert.deepEqual(
        commands.map(({ value }) => value),
        ['ON', 'OFF'],
      );
      await back.drop();
      const again = await connected(server, 'away', secret);
      const more = await obey(again, 'away', () => null);
      await again.ping();
      assert.deepEqual(more, []);
      await again.disconnect();
    },
  );

  await t.test(
    'a persistent session that resumes gets what waited, from us and not from the broker’s queue',
    async () => {
      const { wire, secret } = await enrolled(server, rest, 'resumed');
      await wire.disconnect();
      const session = await connected(server, 'resumed', secret, false);
      await session.subscribe('devices/resumed/command/request');
      await session.drop();
      await until('it is away', async () => !(await rest.device('resumed')).connected);
      const { command: queued } = await command('resumed', 'power', 'ON', 0);
      const back = await connected(server, 'resumed', secret, false);
      const message = await back.messageOn('devices/resumed/command/request');
      await back.publish((JSON.parse(message.payload) as Sent).reply_topic, { status: 'success' });
      await ended(queued.id, 'executed');
      await back.ping();
      assert.equal(back.messages.filter(({ topic }) => topic.endsWith('command/request')).length, 1);
      await back.disconnect();
    },
  );

  await t.test('a device that is removed meanwhile: 404, at once', async () => {
    const { wire } = await enrolled(server, rest, 'doomed');
    const commands = await obey(wire, 'doomed', () => null);
    const waiting = command('doomed', 'power', 'ON', 60_000);
    await until('it has been sent', () => commands.length === 1);
    await rest.expect(204, 'DELETE', '/api/devices/doomed');
    assert.equal((await waiting).status, 404);
  });

  await t.test('a queued command survives a restart of the server', async () => {
    const { wire, secret } = await enrolled(server, rest, 'survivor');
    await wire.disconnect();
    const { command: queued } = await command('survivor', 'power', 'ON', 0);
    await server.stop('SIGKILL');
    await server.start();
    await rest.logIn();
    const back = await connected(server, 'survivor', secret);
    await obey(back, 'survivor', ({ value }) => ({ status: 'success', value }));
    await ended(queued.id, 'executed');
    await back.disconnect();
  });

  await t.test('one hundred commands may wait for a device, one more is refused', async () => {
    const { wire } = await enrolled(server, rest, 'busy');
    await wire.disconnect();
    const { widget_id } = await rest.widget('busy', 'power');
    const answers = await Promise.all(
      Array.from({ length: 101 }, () =>
        rest.call<{ code?: string }>('POST', `/api/widgets/${widget_id}/command?wait=0`, { value: 'ON' }),
      ),
    );
    assert.equal(answers.filter(({ status }) => status === 202).length, 100);
    assert.deepEqual(
      answers.filter(({ status }) => status !== 202).map(({ body }) => body.code),
      ['QUEUE_FULL'],
    );
  });
});

void test('commands that end by time', async (t) => {
  const { server, rest } = await startServer(t, { COMMAND_TIMEOUT: '1s', COMMAND_EXPIRY: '1s' });
  const { command, ended } = commander(rest);

  await t.test(
    'a silent device: 202 sent and pending, then timed_out; its late answer changes nothing',
    async () => {
      const { wire } = await enrolled(server, rest, 'silent');
      const commands = await obey(wire, 'silent', () => null);
      const { status, command: sent } = await command('silent', 'power', 'ON', 50);
      assert.equal(status, 202);
      assert.equal(sent.status, 'sent');
      assert.equal((await rest.widget('silent', 'power')).pending?.value, 'ON');
      await ended(sent.id, 'timed_out');
      assert.equal((await rest.widget('silent', 'power')).pending, null);
      await wire.publish(commands[0]?.reply_topic ?? '', { status: 'success', value: 'ON' });
      await ended(sent.id, 'timed_out');
      await wire.disconnect();
    },
  );

  await t.test('a command for a device that stays away expires and is never delivered', async () => {
    const { wire, secret } = await enrolled(server, rest, 'gone');
    await wire.disconnect();
    const { command: queued } = await command('gone', 'power', 'ON', 0);
    await ended(queued.id, 'expired');
    const back = await connected(server, 'gone', secret);
    const commands = await obey(back, 'gone', () => null);
    await back.ping();
    assert.deepEqual(commands, []);
    await back.disconnect();
  });

  await t.test('one device cannot answer for another', async () => {
    const { wire } = await enrolled(server, rest, 'honest');
    const { wire: thief } = await enrolled(server, rest, 'thief');
    const commands = await obey(wire, 'honest', () => null);
    const { command: sent } = await command('honest', 'power', 'ON', 100);
    assert.deepEqual(await thief.subscribe(commands[0]?.reply_topic ?? ''), [128]);
    await assert.rejects(thief.publish(commands[0]?.reply_topic ?? '', { status: 'success' }), /closed/);
    assert.deepEqual(await wire.subscribe(commands[0]?.reply_topic ?? ''), [1]);
    await ended(sent.id, 'timed_out');
    await wire.disconnect();
  });
});
