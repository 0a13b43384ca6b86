import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lamp } from '../helpers/lamp.ts';
import type { CommandBody } from '../helpers/rest.ts';
import type { LogLine, Server } from '../helpers/server.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';

const SPAN = '00f067aa0ba902b7';
const newTrace = (digit: string) => digit.repeat(32);
const linesOf = (server: Server, trace: string): LogLine[] =>
  server.lines.filter(({ trace_id }) => trace_id === trace);
const texts = (lines: readonly LogLine[]) => lines.map(({ msg }) => msg);

void test('one id leads through the log from a request to the answer of the device', async (t) => {
  const { server, rest } = await startServer(t, { LOG_LEVEL: 'debug' });
  const lamp = await Lamp.enrol(server, rest, 'lamp');
  const { widget_id: widget } = await lamp.widget('mode');
  const ask = (trace: string, value: string, wait = 5000) =>
    rest.call<{ command: CommandBody }>(
      'POST',
      `/api/widgets/${widget}/command?wait=${wait}`,
      { value },
      { traceparent: `00-${trace}-${SPAN}-01` },
    );

  await t.test('a command that is obeyed', async () => {
    const trace = newTrace('a');
    const { headers, body } = await ask(trace, 'heat');
    assert.match(headers.get('traceresponse') ?? '', new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`));
    await until('the request is told', () => texts(linesOf(server, trace)).includes('request'));
    const lines = linesOf(server, trace);
    assert.deepEqual(texts(lines).sort(), [
      'command answered by its device',
      'command ended',
      'command published',
      'command under way',
      'request',
    ]);
    const [published] = lines.filter(({ msg }) => msg === 'command published');
    assert.deepEqual(
      [published?.part, published?.client, published?.topic, published?.sent],
      ['broker', 'lamp', 'devices/lamp/command/request', true],
    );
    const [ended] = lines.filter(({ msg }) => msg === 'command ended');
    assert.deepEqual([ended?.level, ended?.device, ended?.status], ['info', 'lamp', 'executed']);
    assert.equal(ended?.command_id, body.command.id);
    assert.doesNotMatch(JSON.stringify(lines), /heat/, 'what was asked for may be a secret');
  });

  await t.test(
    'a command that waits until the device comes, and for a restart of the server meanwhile',
    async () => {
      await lamp.leave();
      const trace = newTrace('b');
      assert.equal((await ask(trace, 'cool', 0)).status, 202);
      assert.ok(!texts(linesOf(server, trace)).includes('command published'));
      await server.stop();
      const before = server.lines.length;
      await server.start();
      await rest.logIn();
      await lamp.comeBack();
      await until('it has ended', () => texts(linesOf(server, trace)).includes('command ended'));
      const later = server.lines.slice(before).filter(({ trace_id }) => trace_id === trace);
      assert.deepEqual(texts(later).sort(), [
        'command answered by its device',
        'command ended',
        'command published',
        'command under way',
      ]);
    },
  );

  await t.test('every answer names its id, and a traceparent that is not valid is none', async () => {
    const seen = new Set<string>();
    for (const [path, status] of [
      ['/api/health', 200],
      ['/api/rooms', 200],
      ['/api/rooms', 200],
      ['/api/nothing', 404],
      ['/api/devices/lamp?what=1', 400],
    ] as const) {
      const { headers, status: got } = await rest.get(path, {
        traceparent: `00-${newTrace('0')}-${SPAN}-01`,
      });
      assert.equal(got, status, path);
      const [, id] = /^00-([0-9a-f]{32})-[0-9a-f]{16}-00$/.exec(headers.get('traceresponse') ?? '') ?? [];
      assert.ok(id !== undefined && id !== newTrace('0'), path);
      seen.add(id);
    }
    assert.equal(seen.size, 5);
  });
});

void test('without being asked for, the log tells the end of a command and no request', async (t) => {
  const { server, rest } = await startServer(t);
  const lamp = await Lamp.enrol(server, rest, 'lamp');
  lamp.manner = 'reject';
  const { widget_id: widget } = await lamp.widget('power');
  const { headers } = await rest.call('POST', `/api/widgets/${widget}/command`, { value: 'ON' });
  const trace = (headers.get('traceresponse') ?? '').split('-')[1] ?? '';
  const [line, ...more] = linesOf(server, trace);
  assert.deepEqual([line?.msg, line?.status, more.length], ['command ended', 'rejected', 0]);
});
