import { connect, type Socket } from 'node:net';
import { generate, type Packet, parser } from 'mqtt-packet';
import type { Ledger } from './ledger.ts';

/** Unacknowledged messages of a device; it waits at that many. */
const MAX_UNACKNOWLEDGED = 500;
const RECONNECT_MS = 100;
const SPREAD_MS = 400;

interface Pending {
  payload: string;
  keys: readonly string[];
  sentAt: number;
}

export interface LoadDeviceOptions {
  id: string;
  secret: string;
  port: () => number;
  ledger: Ledger;
  onAcknowledged: (milliseconds: number) => void;
}

/** A device that keeps what is not acknowledged and sends it again (DUP, same packet id) over each new connection. */
export class LoadDevice {
  readonly id: string;
  redelivered = 0;
  connections = 0;
  readonly #options: LoadDeviceOptions;
  readonly #pending = new Map<number, Pending>();
  #socket: Socket | null = null;
  #ready = false;
  #running = false;
  #packetId = 0;
  #count = 0;
  #seq = 0;
  #last: { payload: string; keys: readonly string[] } | null = null;

  constructor(options: LoadDeviceOptions) {
    this.id = options.id;
    this.#options = options;
  }

  get unacknowledged(): number {
    return this.#pending.size;
  }

  start(): void {
    this.#running = true;
    this.#connect();
  }

  stop(): void {
    this.#running = false;
    this.#socket?.destroy();
  }

  /** Books what was on its way when the server was killed: it may have been stored, and its sender cannot know. */
  noteKill(): void {
    for (const { keys } of this.#pending.values())
      for (const key of keys) this.#options.ledger.add({ kind: 'k', key });
  }

  #connect(): void {
    const { id, secret, port } = this.#options;
    const socket = connect(port(), '127.0.0.1');
    this.#socket = socket;
    socket.setNoDelay(true);
    const parse = parser();
    parse.on('packet', (packet) => this.#receive(packet));
    socket.on('data', (chunk) => parse.parse(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#ready = false;
      if (this.#running)
        setTimeout(() => this.#running && this.#connect(), RECONNECT_MS + Math.random() * SPREAD_MS);
    });
    socket.on('connect', () => {
      socket.write(
        generate({
          cmd: 'connect',
          protocolId: 'MQTT',
          protocolVersion: 4,
          clientId: id,
          clean: false,
          keepalive: 60,
          username: id,
          password: Buffer.from(secret),
        }),
      );
    });
  }

  #receive(packet: Packet): void {
    if (packet.cmd === 'connack') {
      if (packet.returnCode !== 0) return void this.#socket?.destroy();
      this.connections++;
      this.#ready = true;
      for (const [messageId, pending] of this.#pending) {
        this.redelivered++;
        this.#write(messageId, pending.payload, true);
      }
    }
    if (packet.cmd !== 'puback' || packet.messageId === undefined) return;
    const pending = this.#pending.get(packet.messageId);
    if (pending === undefined) return;
    this.#pending.delete(packet.messageId);
    this.#options.onAcknowledged(performance.now() - pending.sentAt);
    for (const key of pending.keys) this.#options.ledger.add({ kind: 'a', key });
  }

  #write(messageId: number, payload: string, dup: boolean): void {
    if (!this.#ready) return;
    const topic = `devices/${this.id}/sensor`;
    this.#socket?.write(generate({ cmd: 'publish', topic, payload, qos: 1, dup, retain: false, messageId }));
  }

  #reading(timestamp: string | null, seq: number) {
    const value = ++this.#count;
    const key = `${this.id}|${timestamp === null ? 'untimed' : Date.parse(timestamp)}|${timestamp === null ? value : seq}`;
    this.#options.ledger.add({ kind: 's', key, value });
    const time = timestamp === null ? {} : { timestamp, seq };
    return { key, reading: { capability_type: 'load', control_type: 'sensor', value, ...time } };
  }

  /** Of ten messages: one is sent twice, one has no timestamp, one is a batch, two share a timestamp. */
  #next(): { payload: string; keys: readonly string[] } {
    const kind = this.#packetId % 10;
    if (kind === 3 && this.#last !== null) return this.#last;
    const timestamp = kind === 5 ? null : new Date().toISOString();
    const readings = Array.from({ length: kind === 7 ? 3 : 1 }, () => this.#reading(timestamp, this.#seq++));
    const [first] = readings;
    const content =
      readings.length === 1 ? first?.reading : { readings: readings.map(({ reading }) => reading) };
    const message = { payload: JSON.stringify(content), keys: readings.map(({ key }) => key) };
    if (timestamp !== null) this.#last = message;
    return message;
  }

  /** Sends one message, or keeps it for the next connection. */
  publish(): void {
    if (this.#pending.size >= MAX_UNACKNOWLEDGED) return;
    do this.#packetId = (this.#packetId % 65_535) + 1;
    while (this.#pending.has(this.#packetId));
    const { payload, keys } = this.#next();
    this.#pending.set(this.#packetId, { payload, keys, sentAt: performance.now() });
    this.#write(this.#packetId, payload, false);
  }
}
