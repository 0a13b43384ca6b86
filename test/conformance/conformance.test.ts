import { test } from 'node:test';
import { ADMIN } from '../helpers/server.ts';
import { startServer } from '../helpers/setup.ts';
import { CASES } from './cases.ts';

void test('MQTT 3.1.1, statement by statement', async (t) => {
  const { server } = await startServer(t);
  const broker = {
    port: server.ports.mqtt,
    login: ADMIN,
    webSocketUrl: `ws://127.0.0.1:${server.ports.http}/mqtt`,
  };
  for (const { statement, title, run } of CASES) {
    await t.test(`[${statement}] ${title}`, () => run(broker));
  }
});
