import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../db/client.ts';
import { createNotices, type NoticesService } from '../../db/cluster/notices.ts';
import { migrate } from '../../db/migrate.ts';
import { silent } from '../helpers/database.ts';
import { type Postgres, postgresMissing, startPostgres } from '../helpers/postgres.ts';
import { until } from '../helpers/wait.ts';

const skip = postgresMissing();

interface Node extends NoticesService {
  heard: string[];
  gaps: number;
  /** Its connection that listens breaks; others stay. */
  deafen(): Promise<void>;
  close(): Promise<void>;
}

let server: Postgres;
const nodes: Node[] = [];

async function open(id: string, others: readonly string[]): Promise<Node> {
  const { sql, close } = connect({ url: server.url }, silent, 2);
  let listener: ReturnType<typeof connect> | null = null;
  const notices = createNotices({
    nodeId: id,
    others: () => new Set(others),
    sql,
    connectListener: (told) => {
      listener = connect({ url: server.url }, silent, 1, told);
      return listener;
    },
    log: silent,
  });
  const node: Node = {
    ...notices,
    heard: [],
    gaps: 0,
    deafen: async () => {
      const [row] = (await listener?.sql.unsafe<{ pid: number }[]>('select pg_backend_pid() as pid')) ?? [];
      await sql.unsafe('select pg_terminate_backend($1::text::int)', [String(row?.pid)]);
    },
    close: async () => {
      await notices.stop();
      await close();
    },
  };
  for (const kind of ['word', 'end', 'deaf']) {
    notices.on(kind, (body: string, from) => void node.heard.push(`${from} ${kind} ${body}`));
  }
  notices.onGap(() => {
    node.gaps++;
  });
  await notices.start();
  nodes.push(node);
  return node;
}

before(async () => {
  if (skip !== false) return;
  server = await startPostgres();
  await migrate({ url: server.url }, silent);
});
after(async () => {
  for (const node of nodes) await node.close();
  await server?.dispose();
});

void test('what is told is heard by all others, in order, and not by whoever told it', { skip }, async () => {
  const [a, b, c] = [await open('a', ['b', 'c']), await open('b', ['a', 'c']), await open('c', ['a', 'b'])];
  const words = Array.from({ length: 2000 }, (_, i) => `${i} "quoted" \\ ${'é'.repeat(i % 50)}`);
  for (const word of words) a.send('word', word);
  await a.told();
  const expected = words.map((word) => `a word ${word}`);
  assert.deepEqual(b.heard, expected);
  assert.deepEqual(c.heard, expected);
  assert.deepEqual(a.heard, []);
  // Too large for PostgreSQL: everything is read again instead.
  a.send('word', 'x'.repeat(10_000));
  await a.told();
  assert.equal(b.gaps, 1);
});

void test('what others told before is dealt with when a barrier is passed', { skip }, async () => {
  const [a, b] = nodes as [Node, Node];
  let dealt = false;
  b.on('slow', async () => {
    await sleep(200);
    dealt = true;
  });
  a.send('slow', null);
  // In the database by then.
  await a.barrier();
  await b.barrier();
  assert.equal(dealt, true);
});

void test('whoever could not listen hears what was kept, and reads everything again', { skip }, async () => {
  const [a, b] = nodes as [Node, Node];
  b.heard.length = 0;
  const { gaps } = b;
  await b.deafen();
  a.send('end', 'a session', { kept: true });
  await until('it listens again', () => b.gaps > gaps);
  assert.ok(b.heard.some((word) => word.includes('end a session')));
  a.send('word', 'after');
  await a.told();
  assert.equal(b.heard.at(-1), 'a word after');
});

void test('what could not be dealt with is read again', { skip }, async () => {
  const [a, b] = nodes as [Node, Node];
  const { gaps } = b;
  b.on('fails', () => Promise.reject(new Error('the database is starting up')));
  a.send('fails', null);
  await until('everything is read again', () => b.gaps > gaps);
});

void test('a node that does not answer keeps nobody for longer than a second', { skip }, async () => {
  const d = await open('d', ['nobody']);
  const began = performance.now();
  await d.told();
  assert.ok(performance.now() - began < 3000);
});

void test('notices wait while the database is away', { skip }, async () => {
  const [a, b] = nodes as [Node, Node];
  b.heard.length = 0;
  await server.stop('immediate');
  a.send('end', 'while away', { kept: true });
  a.send('word', 'while away');
  await sleep(300);
  await server.start();
  await until('it was heard', () => b.heard.some((word) => word.includes('end while away')));
});
