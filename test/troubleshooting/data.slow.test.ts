import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enrolled, reading } from '../helpers/devices.ts';
import type { CommandBody, WidgetBody } from '../helpers/rest.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';
import { assertSeen, PAGE } from './page.ts';

const SENSOR = 'devices/lamp/sensor';

void test('messages that are refused, and readings that are not where they are looked for', async (t) => {
  const { server, rest } = await startServer(t);
  const { wire } = await enrolled(server, rest, 'lamp');
  await wire.subscribe('devices/lamp/errors');

  await t.test('refused messages have the words of the page', async () => {
    const refused = async (payload: unknown, topic = SENSOR) => {
      const before = wire.messages.length;
      await wire.publish(topic, payload);
      const { payload: text } = await wire.message(
        (message) => message.topic.endsWith('/errors') && wire.messages.indexOf(message) >= before,
      );
      return text;
    };
    const missing = await refused({ capability_type: 'temperature', control_type: 'sensor' });
    assertSeen('refused-error', missing);
    assert.equal((await rest.device('lamp')).last_error?.code, 'INVALID_PAYLOAD');
    const at = '2026-01-15T10:30:00.000Z';
    const recent = new Date().toISOString();
    await wire.publish(SENSOR, reading(1, { timestamp: recent }));
    const texts = [
      await refused('{"capability_type":'),
      await refused({ control_type: 'sensor', value: 1 }),
      await refused({ capability_type: 'temperature', control_type: 'senor', value: 1 }),
      await refused(reading(1, { timestamp: new Date(Date.now() + 3_600_000).toISOString() })),
      await refused(reading(2, { timestamp: recent })),
      await refused({ device_id: 'lmap', device_name: 'x', device_type: 'x' }, 'devices/register'),
    ];
    for (const text of texts) {
      const { code, message } = JSON.parse(text) as { code: string; message: string };
      const rows = PAGE.split('\n').filter((line) => line.startsWith(`| \`${code}\``));
      const cells = rows.map((row) => (row.split('|')[2] ?? '').trim().replaceAll('`', ''));
      const covers = cells.some((cell) => message.includes(cell.split('…')[0]?.trim() ?? '?'));
      assert.ok(covers, `the page has for ${code}\n${cells.join('\n')}\nand it is\n${message}`);
    }
    // Longer ago than raw readings are kept.
    const old = JSON.parse(await refused(reading(1, { timestamp: at.replace('2026', '2020') }))) as {
      code: string;
    };
    assert.equal(old.code, 'INVALID_TIMESTAMP');
  });

  await t.test('acknowledged, and not shown: its card is hidden', async () => {
    await wire.publish(SENSOR, reading(21.5));
    const room = await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name: 'Hall' });
    await rest.expect(200, 'POST', '/api/devices/lamp/pair', { room_id: room.id });
    const cards = async (query = '') =>
      (await rest.expect<{ widgets: WidgetBody[] }>(200, 'GET', `/api/rooms/${room.id}/widgets${query}`))
        .widgets;
    const { widget_id } = await rest.widget('lamp', 'temperature');
    const has = (widgets: WidgetBody[]) => widgets.some((each) => each.widget_id === widget_id);
    await rest.expect(200, 'PATCH', `/api/widgets/${widget_id}`, { status: 'exclude' });
    assert.equal(has(await cards()), false);
    assert.equal(has(await cards('?status=all')), true);
    await rest.expect(200, 'PATCH', `/api/widgets/${widget_id}`, { status: 'include' });
    assert.equal(has(await cards()), true);
  });

  await t.test('twice without a time is two, with one it is one', async () => {
    const count = async (type: string) =>
      (await rest.readings((await rest.widget('lamp', type)).widget_id)).length;
    const of = (type: string, more: object = {}) => ({
      capability_type: type,
      control_type: 'sensor',
      value: 1,
      ...more,
    });
    await wire.publish(SENSOR, of('untimed'));
    await wire.publish(SENSOR, of('untimed'));
    assert.equal(await count('untimed'), 2);
    const timestamp = new Date().toISOString();
    await wire.publish(SENSOR, of('timed', { timestamp }));
    await wire.publish(SENSOR, of('timed', { timestamp }));
    assert.equal(await count('timed'), 1);
  });

  await t.test(
    'a time with an offset is the moment that is meant, and the newest time is what the card shows',
    async () => {
      const moment = Date.now() - 60_000;
      const local = new Date(moment + 7 * 3_600_000).toISOString().replace('Z', '+07:00');
      const of = (value: number, timestamp: string) => ({
        capability_type: 'placed',
        control_type: 'sensor',
        ...{ value, timestamp },
      });
      await wire.publish(SENSOR, of(1, local));
      const { widget_id } = await rest.widget('lamp', 'placed');
      assert.equal(Date.parse((await rest.readings(widget_id))[0]?.at ?? ''), moment);
      await wire.publish(SENSOR, of(2, new Date(Date.now() + 240_000).toISOString()));
      await wire.publish(SENSOR, of(3, new Date().toISOString()));
      assert.equal((await rest.widget('lamp', 'placed')).value, 2);
      assert.equal((await rest.readings(widget_id)).length, 3);
    },
  );
});

void test('commands that wait, are not answered, or are rejected', async (t) => {
  const { server, rest } = await startServer(t, { COMMAND_TIMEOUT: '2s', COMMAND_EXPIRY: '3s' });
  const { wire } = await enrolled(server, rest, 'lamp');
  const { widget_id } = await rest.widget('lamp', 'power');
  const ask = async (status: number) =>
    (
      await rest.expect<{ command: CommandBody }>(
        status,
        'POST',
        `/api/widgets/${widget_id}/command?wait=0`,
        {
          value: 'ON',
        },
      )
    ).command;
  const becomes = (id: number, status: string) =>
    until(`it is ${status}`, async () => {
      const { command } = await rest.expect<{ command: CommandBody }>(200, 'GET', `/api/commands/${id}`);
      return command.status === status ? command : null;
    });
  // It has not subscribed.
  const waiting = await ask(202);
  assert.equal(waiting.status, 'queued');
  await becomes(waiting.id, 'expired');
  const queued = await ask(202);
  await wire.subscribe('devices/lamp/command/request');
  await becomes(queued.id, 'sent');
  await becomes(queued.id, 'timed_out');
  // It answers.
  const say = (answer: object) => {
    wire.onMessage = ({ topic, payload }) => {
      if (!topic.endsWith('/command/request')) return;
      const { reply_topic: to } = JSON.parse(payload) as { reply_topic: string };
      void wire.publish(to, answer);
    };
  };
  say({ status: 'error', message: 'the bulb is broken' });
  const refused = await ask(202);
  assert.equal((await becomes(refused.id, 'rejected')).error, 'the bulb is broken');
  say({ status: 'success', value: 'ON' });
  await becomes((await ask(202)).id, 'executed');
  const brightness = await rest.widget('lamp', 'brightness');
  const wrong = await rest.call<{ error: string }>('POST', `/api/widgets/${brightness.widget_id}/command`, {
    value: 101,
  });
  assert.equal(wrong.status, 400);
});
