import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../../test/helpers/wait.ts';
import type { Step } from './step.ts';

const AFTER_MS = 3000;
const CLIENTS = 6;

export const wills: Step = {
  name: 'wills of a node that died are published once, and none for a client that is back',
  run: async ({ cluster, person, note }) => {
    const dying = 1;
    const watchers = [
      await person(0, { clientId: 'will-watcher-a' }),
      await person(2, { clientId: 'will-watcher-b' }),
    ];
    for (const watcher of watchers) await watcher.subscribe('wills/#');
    const hello = (kind: string, i: number) => ({
      clientId: `${kind}-${i}`,
      clean: i % 2 === 0,
      will: { topic: `wills/${kind}/${i}`, payload: 'gone', qos: 1 as const },
    });
    const numbers = Array.from({ length: CLIENTS }, (_, i) => i);
    for (const i of numbers) await person(dying, hello('gone', i));
    for (const i of numbers) await person(dying, hello('back', i));
    // One whose connection breaks while its node lives.
    const broken = await person(0, hello('broken', 0));
    const killed = performance.now();
    await cluster.kill(cluster.node(dying));
    const back = await Promise.all(numbers.map((i) => person(i % 2 === 0 ? 0 : 2, hello('back', i))));
    await broken.drop();
    const topicsOf = (watcher: (typeof watchers)[number]) =>
      watcher.messages.map(({ topic }) => topic).sort();
    const due = ['wills/broken/0', ...numbers.map((i) => `wills/gone/${i}`)];
    await until(
      'all wills have come',
      () => watchers.every((watcher) => due.every((topic) => topicsOf(watcher).includes(topic))),
      () => JSON.stringify(watchers.map(topicsOf)),
    );
    note(`the last will came ${Math.round(performance.now() - killed)} ms after the kill`);
    await cluster.node(dying).server.start();
    await sleep(AFTER_MS);
    for (const watcher of watchers) assert.deepEqual(topicsOf(watcher), due);
    await Promise.all([...back, ...watchers].map((wire) => wire.disconnect()));
  },
};
