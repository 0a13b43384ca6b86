import { generate, parser } from 'mqtt-packet';
import { type Bytes, checkPacket, type Header } from '../../broker/engine/strict.ts';
import { Quantiles } from './quantiles.ts';

/** What the strict check adds to reading a packet: nanoseconds, of rounds that take turns. */
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
