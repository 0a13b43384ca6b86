import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { generate, parser } from 'mqtt-packet';
import { missing } from '../helpers/database.ts';
import { enrolled, reading } from '../helpers/devices.ts';
import type { Rest } from '../helpers/rest.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';
import type { Wire } from '../helpers/wire.ts';

const MIB = 1024 * 1024;
const DEVICES = 12;
/** Far more than the server may hold and the kernel's socket buffers together. */
const OFFERED_BYTES = 60 * MIB;
/** 64 MiB of payloads and 32 Mi characters of values may wait; the rest is what the engine needs for them. */
const MAX_GROWTH_MIB = 300;
/** Near 64 KiB a message: the messages that one connection may have in flight would be far too much together. */
const BATCH = 15;
const TEXT = 'x'.repeat(4000);

const PROC = '/proc/self/status';
const residentMiB = (pid: number) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

/** A device that sends without waiting for acknowledgements, as fast as its socket takes it. */
class Flood {
  readonly acknowledged = new Set<number>();
  readonly #wire: Wire;
  readonly #topic: string;
  sent = 0;
  bytes = 0;
  stopped = false;
  running: Promise<void> | null = null;

  constructor(wire: Wire, deviceId: string) {
    this.#wire = wire;
    this.#topic = `devices/${deviceId}/sensor`;
    const parse = parser();
    parse.on('packet', (packet) => {
      if (packet.cmd === 'puback' && packet.messageId !== undefined) this.acknowledged.add(packet.messageId);
    });
    wire.socket.on('data', (chunk) => parse.parse(chunk));
  }

  get blocked(): boolean {
    return this.#wire.socket.writableNeedDrain;
  }

  start(): void {
    this.running = this.#run();
  }

  async #run(): Promise<void> {
    const { socket } = this.#wire;
    const timestamp = new Date().toISOString();
    while (!this.stopped && this.bytes < OFFERED_BYTES) {
      const messageId = ++this.sent;
      const readings = Array.from({ length: BATCH }, (_, i) => reading(TEXT, { seq: messageId * BATCH + i }));
      const payload = JSON.stringify({ timestamp, readings });
      this.bytes += payload.length;
      const packet = generate({
        cmd: 'publish',
        topic: this.#topic,
        payload,
        qos: 1,
        dup: false,
        retain: false,
        messageId,
      });
      if (!socket.write(packet)) await once(socket, 'drain');
      else await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

async function storedOf(rest: Rest, deviceId: string): Promise<Set<number>> {
  const { widget_id } = await rest.widget(deviceId, 'temperature');
  const path = `/api/widgets/${widget_id}/readings`;
  const { status, body } = await rest.call<string>('GET', path, undefined, { Accept: 'text/csv' });
  assert.equal(status, 200);
  const seqs = body.trimEnd().split('\r\n').slice(1);
  const unique = new Set(seqs.map((line) => Number(line.split(',').at(-2))));
  assert.equal(unique.size, seqs.length, 'a reading was stored twice');
  return unique;
}

const skip =
  missing('postgres') || (existsSync(PROC) ? false : 'this system does not tell the memory of a process');

void test('a flood while the database is away stops at the sockets, and all of it is stored', {
  skip,
}, async (t) => {
  const { server, rest, postgres } = await startServer(t, {}, 'postgres');
  assert.ok(postgres);
  const ids = Array.from({ length: DEVICES }, (_, i) => `flood-${i}`);
  const floods: Flood[] = [];
  for (const id of ids) {
    const { wire } = await enrolled(server, rest, id);
    t.after(() => wire.drop());
    floods.push(new Flood(wire, id));
  }
  const before = residentMiB(server.pid);
  let peak = before;
  await postgres.stop('fast');
  for (const flood of floods) flood.start();

  let last = -1;
  let unchanged = 0;
  await until('no device can send any more', () => {
    peak = Math.max(peak, residentMiB(server.pid));
    const sent = floods.reduce((sum, flood) => sum + flood.sent, 0);
    unchanged = sent === last ? unchanged + 1 : 0;
    last = sent;
    return unchanged >= 25 && floods.every(({ blocked }) => blocked);
  });
  const growth = Math.round(peak - before);
  t.diagnostic(
    `${Math.round(floods.reduce((sum, { bytes }) => sum + bytes, 0) / MIB)} MiB sent, the server grew by ${growth} MiB`,
  );
  assert.ok(growth < MAX_GROWTH_MIB, `the server grew by ${growth} MiB`);
  assert.equal(
    floods.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0),
    0,
  );
  // Whoever looks at it is served meanwhile.
  assert.equal((await rest.get('/api/devices/flood-0')).status, 200);

  for (const flood of floods) flood.stopped = true;
  await postgres.start();
  for (const { running } of floods) await running;
  await until('everything is acknowledged', () =>
    floods.every(({ acknowledged, sent }) => acknowledged.size === sent),
  );
  for (const [i, id] of ids.entries())
    assert.equal((await storedOf(rest, id)).size, (floods[i]?.sent ?? 0) * BATCH);
  assert.ok(server.alive);
});
