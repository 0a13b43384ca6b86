import { generate, parser } from 'mqtt-packet';
import { type Bytes, checkPacket, type Header } from '../../broker/engine/strict.ts';
import { enrolled } from '../../test/helpers/devices.ts';
import { findPostgres, startPostgres } from '../../test/helpers/postgres.ts';
import { Rest } from '../../test/helpers/rest.ts';
import { Server } from '../../test/helpers/server.ts';
import { Quantiles } from './quantiles.ts';

/**
 * What the strict check adds to reading a packet, of rounds that take turns, and what part that is of all that the
 * server's processor does for a reading until it is acknowledged. Nanoseconds.
 */
const PACKETS = 200_000;
const PER_CHUNK = 50;
const ROUNDS = 9;

interface Parser {
  packet: Header;
  _list: Bytes;
  _parsePayload(): boolean;
  parse(chunk: Buffer): number;
  on(event: 'packet', listener: () => void): void;
}

const reading = JSON.stringify({
  capability_type: 'temperature',
  control_type: 'sensor',
  value: '25.5',
  unit: '°C',
  timestamp: '2026-01-15T10:30:00.000Z',
  seq: 17,
});
const packet = generate({
  cmd: 'publish',
  topic: 'devices/ESP32-12345678/sensor',
  payload: reading,
  qos: 1,
  messageId: 7,
  retain: false,
  dup: false,
});
const chunk = Buffer.concat(Array.from({ length: PER_CHUNK }, () => packet));

function round(strict: boolean): number {
  const reader = parser() as unknown as Parser;
  let read = 0;
  reader.on('packet', () => read++);
  if (strict) {
    const { _parsePayload } = reader;
    reader._parsePayload = function checked() {
      if (checkPacket(this.packet, this._list, true) !== null) throw new Error('refused');
      return _parsePayload.call(this);
    };
  }
  const started = performance.now();
  while (read < PACKETS) reader.parse(chunk);
  return ((performance.now() - started) * 1e6) / PACKETS;
}

const plain = new Quantiles();
const strict = new Quantiles();
for (let i = 0; i < ROUNDS; i++) {
  plain.add(round(false));
  strict.add(round(true));
}
const [without, withCheck] = [plain.at(0.5), strict.at(0.5)];
console.log(`reading a PUBLISH   ${without.toFixed(0)} ns`);
console.log(`with the check      ${withCheck.toFixed(0)} ns (+${(withCheck - without).toFixed(0)} ns)`);

const FLOOD_MS = 5000;
const DEVICES = 20;
const IN_FLIGHT = 50;

async function processorTime(rest: Rest): Promise<number> {
  const { body } = await rest.get<string>('/api/metrics');
  return Number(/^process_cpu_seconds_total (\S+)$/m.exec(body)?.[1]);
}

/** Nanoseconds of the server's processor for each acknowledged reading, while readings come as fast as they are taken. */
async function readingCost(server: Server): Promise<{ cost: number; rate: number }> {
  await server.start();
  const rest = await new Rest(server).logIn();
  let acknowledged = 0;
  let going = true;
  const flood = async (id: string) => {
    const { wire } = await enrolled(server, rest, id);
    const payload = (seq: number) =>
      reading.replace('"seq":17', `"seq":${seq}`).replace(/"timestamp":"[^"]+",/, '');
    let seq = 0;
    const one = async () => {
      while (going) {
        await wire.publish(`devices/${id}/sensor`, payload(seq++));
        acknowledged++;
      }
    };
    return () => Promise.all(Array.from({ length: IN_FLIGHT }, one)).then(() => wire.drop());
  };
  const floods = await Promise.all(Array.from({ length: DEVICES }, (_, i) => flood(`flood-${i}`)));
  const [before, began] = [await processorTime(rest), performance.now()];
  const ends = floods.map((start) => start());
  await new Promise((resolve) => setTimeout(resolve, FLOOD_MS));
  const seconds = (performance.now() - began) / 1000;
  const used = (await processorTime(rest)) - before;
  const count = acknowledged;
  going = false;
  await Promise.all(ends);
  return { cost: (used * 1e9) / count, rate: count / seconds };
}

const postgres = findPostgres() === null ? null : await startPostgres();
const env = { MAX_PACKETS_PER_SECOND: '1000000', MAX_BYTES_PER_SECOND: '1024MiB', LOG_LEVEL: 'error' };
const server = new Server({ databaseUrl: postgres?.url ?? null, env });
try {
  const { cost, rate } = await readingCost(server);
  const share = ((withCheck - without) / cost) * 100;
  console.log(
    `a reading           ${cost.toFixed(0)} ns of the server, at ${rate.toFixed(0)} readings a second`,
  );
  console.log(`the check is        ${share.toFixed(1)} % of that`);
} finally {
  await server.dispose();
  await postgres?.dispose();
}
