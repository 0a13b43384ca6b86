import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import {
  generate,
  type IConnackPacket,
  type IPublishPacket,
  type Packet,
  parser,
  type QoS,
} from 'mqtt-packet';
import { FLAG } from './bytes.ts';

const ANSWER_LIMIT_MS = 5000;

/** The broker under test. */
export interface Broker {
  port: number;
  /** What logs in with every right. */
  login: { username: string; password: string } | null;
  /** Of MQTT over WebSocket; null where that is not spoken. */
  webSocketUrl: string | null;
}

export interface Hello {
  clientId?: string;
  clean?: boolean;
  keepalive?: number;
  will?: { topic: string; payload: string; qos?: QoS; retain?: boolean };
}

type Of<C extends Packet['cmd']> = Extract<Packet, { cmd: C }>;
let made = 0;

/** A name that no other case uses: at most 23 letters and digits, as every server must take them [MQTT-3.1.3-5]. */
export const unique = (): string => `c${Date.now().toString(36)}${(made++).toString(36)}`;

/** A client that does nothing by itself: it answers no packet, and keeps what comes until it is taken. */
export class Peer {
  readonly socket: Socket;
  readonly broker: Broker;
  readonly #received: Packet[] = [];
  #ended = false;
  #wake = () => {};

  private constructor(socket: Socket, broker: Broker) {
    this.socket = socket;
    this.broker = broker;
    socket.setNoDelay(true);
    const parse = parser();
    parse.on('packet', (packet) => {
      this.#received.push(packet);
      this.#wake();
    });
    parse.on('error', () => socket.destroy());
    socket.on('data', (chunk) => parse.parse(chunk));
    socket.on('error', () => {});
    socket.once('close', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  static async open(broker: Broker): Promise<Peer> {
    const socket = connectTcp(broker.port, '127.0.0.1');
    await once(socket, 'connect');
    return new Peer(socket, broker);
  }

  /** Connected, with a CONNACK 0. */
  static async connected(broker: Broker, hello: Hello = {}): Promise<Peer> {
    const peer = await Peer.open(broker);
    assert.equal((await peer.connect(hello)).returnCode, 0);
    return peer;
  }

  send(packet: Packet | Buffer): void {
    this.socket.write(Buffer.isBuffer(packet) ? packet : generate(packet));
  }

  hello({ clientId = unique(), clean = true, keepalive = 60, will }: Hello = {}): Buffer {
    const { login } = this.broker;
    return generate({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clientId,
      clean,
      keepalive,
      ...(login && { username: login.username, password: Buffer.from(login.password) }),
      ...(will && { will: { qos: 0, retain: false, ...will, payload: Buffer.from(will.payload) } }),
    });
  }

  async connect(hello: Hello = {}): Promise<IConnackPacket> {
    this.send(this.hello(hello));
    return await this.take('connack');
  }

  /** What a CONNECT written by hand says of the log-in. */
  get credentials(): { flags: number; payload: string[] } {
    const { login } = this.broker;
    if (login === null) return { flags: 0, payload: [] };
    return { flags: FLAG.user + FLAG.password, payload: [login.username, login.password] };
  }

  /** Waits until `look` finds something; what it finds. Throws when the connection ends first, or the time. */
  async #wait<T>(what: string, look: () => T | undefined): Promise<T> {
    const deadline = Date.now() + ANSWER_LIMIT_MS;
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`${what} did not come; unread: ${JSON.stringify(this.#received)}`);
      if (this.#ended) throw new Error(`the connection was closed before ${what}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** The next packet of this kind, which is then gone. */
  take<C extends Packet['cmd']>(cmd: C): Promise<Of<C>> {
    return this.#wait(cmd, () => {
      const index = this.#received.findIndex((packet) => packet.cmd === cmd);
      return index < 0 ? undefined : (this.#received.splice(index, 1)[0] as Of<C>);
    });
  }

  /** The next packet, whatever its kind. */
  next(): Promise<Packet> {
    return this.#wait('a packet', () => this.#received.shift());
  }

  async takeMany(count: number): Promise<IPublishPacket[]> {
    const packets: IPublishPacket[] = [];
    while (packets.length < count) packets.push(await this.take('publish'));
    return packets;
  }

  /** Nothing more was sent to it: whatever came before it is answered is here. */
  async hearsNothing(): Promise<void> {
    await this.ping();
    assert.deepEqual(this.#received, []);
  }

  async ping(): Promise<void> {
    this.send({ cmd: 'pingreq' });
    await this.take('pingresp');
  }

  /** The server ends the connection, and says nothing before. */
  async isClosed(): Promise<void> {
    const deadline = Date.now() + ANSWER_LIMIT_MS;
    while (!this.#ended && Date.now() < deadline) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deadline - Date.now());
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    assert.ok(this.#ended, 'the connection stays open');
    assert.deepEqual(this.#received, []);
  }

  /** Sends it and expects the connection to end. */
  refused(packet: Packet | Buffer): Promise<void> {
    this.send(packet);
    return this.isClosed();
  }

  publish(topic: string, payload: string, options: Partial<IPublishPacket> = {}): void {
    this.send({ cmd: 'publish', topic, payload, qos: 0, retain: false, dup: false, ...options });
  }

  /** With the whole handshake. */
  async published(topic: string, payload: string, options: Partial<IPublishPacket> = {}): Promise<void> {
    const { qos = 1, messageId = 1 } = options;
    this.publish(topic, payload, { qos, ...(qos > 0 && { messageId }), ...options });
    if (qos === 1) await this.take('puback');
    if (qos === 2) {
      await this.take('pubrec');
      this.send({ cmd: 'pubrel', messageId });
      await this.take('pubcomp');
    }
    if (qos === 0) await this.ping();
  }

  async subscribe(filter: string, qos: QoS = 0, messageId = 100): Promise<number> {
    this.send({ cmd: 'subscribe', messageId, subscriptions: [{ topic: filter, qos }] });
    const { granted } = await this.take('suback');
    return granted[0] as number;
  }

  async unsubscribe(filter: string, messageId = 101): Promise<void> {
    this.send({ cmd: 'unsubscribe', messageId, unsubscriptions: [filter] });
    await this.take('unsuback');
  }

  /** Takes the next PUBLISH and confirms it, as its QoS wants. */
  async receive(): Promise<IPublishPacket> {
    const packet = await this.take('publish');
    await this.confirm(packet);
    return packet;
  }

  async confirm({ qos, messageId }: IPublishPacket): Promise<void> {
    if (messageId === undefined) return;
    if (qos === 1) this.send({ cmd: 'puback', messageId });
    if (qos !== 2) return;
    this.send({ cmd: 'pubrec', messageId });
    await this.take('pubrel');
    this.send({ cmd: 'pubcomp', messageId });
  }

  get ended(): Promise<void> {
    return this.#ended ? Promise.resolve() : once(this.socket, 'close').then(() => {});
  }

  async disconnect(): Promise<void> {
    this.send({ cmd: 'disconnect' });
    this.socket.end();
    await this.ended;
  }

  async drop(): Promise<void> {
    this.socket.destroy();
    await this.ended;
  }
}
