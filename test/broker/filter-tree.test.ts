import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FilterTree } from '../../broker/engine/filter-tree.ts';
import { Queues } from '../../broker/engine/queues.ts';
import type { QueuedPacket } from '../../broker/engine/types.ts';
import { matches } from '../../broker/topics.ts';
import { randomOf } from '../helpers/random.ts';

void test('a tree of filters matches what one of its filters matches, whatever was added and taken away', () => {
  const { below, pick } = randomOf(7);
  const levels = ['a', 'b', '', '$x', 'constructor'];
  const topicOf = () => Array.from({ length: 1 + below(4) }, () => pick(levels)).join('/');
  const filterOf = () => {
    const filter = Array.from({ length: 1 + below(4) }, () => pick([...levels, '+', '+']));
    if (below(3) === 0) filter.push('#');
    return filter.join('/');
  };
  const tree = new FilterTree();
  const there: string[] = [];
  for (let round = 0; round < 3000; round++) {
    if (there.length > 0 && below(2) === 0) {
      const [gone = ''] = there.splice(below(there.length), 1);
      tree.delete(gone);
    } else {
      const filter = filterOf();
      there.push(filter);
      tree.add(filter);
    }
    const topic = topicOf();
    assert.equal(
      tree.matches(topic),
      there.some((filter) => matches(filter, topic)),
      `${topic} in ${there}`,
    );
    assert.equal(tree.size, new Set(there).size);
  }
  for (const filter of there) tree.delete(filter);
  tree.delete('never/there');
  assert.deepEqual([tree.size, tree.matches('a')], [0, false]);
});

void test('what was kept elsewhere comes in its order among what is here already, once and untold', () => {
  const told: string[] = [];
  const queues = new Queues({
    pushed: (_, { brokerCounter }) => told.push(`pushed ${brokerCounter}`),
    changed: () => told.push('changed'),
    removed: (_, { brokerCounter }) => told.push(`removed ${brokerCounter}`),
  });
  const packet = (brokerCounter: number, stamp: number, messageId?: number): QueuedPacket => ({
    ...{ cmd: 'publish', brokerId: 'b', brokerCounter, stamp, topic: 'a', payload: Buffer.from('x') },
    ...{ qos: 1, retain: false, dup: false },
    ...(messageId !== undefined && { messageId }),
  });
  queues.push('u1/x', packet(3, 30) as never, 10);
  queues.push('u1/x', packet(5, 50) as never, 10);
  const added = queues.merge('u1/x', [packet(1, 10, 7), packet(3, 30, 8), packet(4, 40)], () => 10);
  assert.deepEqual(
    added.map(({ brokerCounter }) => brokerCounter),
    [1, 4],
  );
  assert.deepEqual(
    queues.of('u1/x').map(({ brokerCounter, messageId }) => [brokerCounter, messageId]),
    [
      [1, 7],
      [3, 8],
      [4, undefined],
      [5, undefined],
    ],
  );
  assert.deepEqual([queues.count, queues.bytes], [4, 40]);
  queues.remove('u1/x', { cmd: 'publish', brokerId: '', brokerCounter: 0, messageId: 8 });
  queues.drop('u1/x');
  assert.deepEqual([queues.count, queues.bytes, told], [0, 0, ['pushed 3', 'pushed 5', 'removed 3']]);
});
