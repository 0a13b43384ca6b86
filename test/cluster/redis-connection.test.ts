import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectRedis } from '../../cluster/redis.ts';
import { parseRedisUrl } from '../../db/domain/redis-target.ts';
import { startCutProxy } from '../../scripts/cluster/network/cut-proxy.ts';
import { silent } from '../helpers/database.ts';
import { redisMissing, startRedis } from '../helpers/redis.ts';
import { until } from '../helpers/wait.ts';

const ATTEMPTS = 5;

void test('a connection that is accepted and closed at once, again and again, is made anew once Redis is back', {
  skip: redisMissing(),
}, async (t) => {
  const server = await startRedis();
  t.after(server.dispose);
  // As a proxy does while what is behind it is away: see connectRedis.
  const proxy = await startCutProxy(server.port);
  t.after(proxy.stop);
  const target = parseRedisUrl(`redis://127.0.0.1:${proxy.port}`);
  assert.ok(target);
  const publisher = connectRedis(target, silent);
  const subscriber = connectRedis(target, silent, { subscriber: true });
  t.after(() => {
    publisher.disconnect();
    subscriber.disconnect();
  });
  let heard = 0;
  subscriber.on('message', () => heard++);
  await subscriber.subscribe('news');
  await until('the first is heard', async () => {
    await publisher.publish('news', 'one').catch(() => {});
    return heard > 0;
  });
  await server.stop();
  let attempts = 0;
  publisher.on('connect', () => attempts++);
  await until('it has tried', () => attempts >= ATTEMPTS);
  await server.start();
  heard = 0;
  await until('others are heard again', async () => {
    await publisher.publish('news', 'two').catch(() => {});
    return heard > 0;
  });
});
