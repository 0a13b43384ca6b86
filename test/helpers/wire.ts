import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { generate, type IConnackPacket, type Packet, parser } from 'mqtt-packet';

const ANSWER_LIMIT_MS = 30_000;

export interface Message {
  topic: string;
  payload: string;
  qos: number;
  retain: boolean;
}

export interface Hello {
  clientId: string;
  username?: string;
  password?: string;
  clean?: boolean;
  keepalive?: number;
  will?: { topic: string; payload: string; qos?: 0 | 1 | 2; retain?: boolean };
}

interface Waiter {
  matches: (packet: Packet) => boolean;
  resolve: (packet: Packet) => void;
}

/** An MQTT client that can misbehave: packets are sent as they are told, and seen as they come. */
export class Wire {
  readonly socket: Socket;
  readonly messages: Message[] = [];
  readonly closed: Promise<void>;
  #waiters = new Set<Waiter>();
  #onMessage = new Set<() => void>();
  #nextId = 0;
  #ended = false;
  /** Does it confirm what comes with QoS 1 and 2? */
  confirms = true;
  /** Told of every PUBLISH that comes in. */
  onMessage: ((message: Message) => void) | null = null;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    const parse = parser();
    parse.on('packet', (packet) => this.#receive(packet));
    parse.on('error', () => socket.destroy());
    socket.on('data', (chunk) => parse.parse(chunk));
    // What ended it is told by `closed`; who waits for a packet hears of it too.
    socket.on('error', () => {});
    this.closed = new Promise<void>((resolve) => socket.once('close', () => resolve())).then(() => {
      this.#ended = true;
      for (const wake of this.#onMessage) wake();
    });
  }

  static async tcp(port: number, host = '127.0.0.1'): Promise<Wire> {
    const socket = connectTcp(port, host);
    await once(socket, 'connect');
    return new Wire(socket);
  }

  static async tls(port: number, ca: string): Promise<Wire> {
    const socket = connectTls({
      port,
      host: '127.0.0.1',
      servername: 'localhost',
      ca,
      minVersion: 'TLSv1.3',
    });
    await once(socket, 'secureConnect');
    return new Wire(socket);
  }

  get ended(): boolean {
    return this.#ended;
  }

  #receive(packet: Packet): void {
    if (packet.cmd === 'publish') {
      const message = {
        topic: packet.topic,
        payload: packet.payload.toString(),
        qos: packet.qos,
        retain: packet.retain,
      };
      this.messages.push(message);
      const { qos, messageId } = packet;
      if (this.confirms && qos > 0 && messageId !== undefined) {
        this.send({ cmd: qos === 1 ? 'puback' : 'pubrec', messageId });
      }
      this.onMessage?.(message);
      for (const wake of this.#onMessage) wake();
    }
    if (packet.cmd === 'pubrel' && packet.messageId !== undefined) {
      this.send({ cmd: 'pubcomp', messageId: packet.messageId });
    }
    for (const waiter of this.#waiters) if (waiter.matches(packet)) waiter.resolve(packet);
  }

  send(packet: Packet): void {
    this.socket.write(generate(packet));
  }

  sendRaw(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  /** The next packet that matches. Rejects when the connection ends first. */
  packet(matches: (packet: Packet) => boolean): Promise<Packet> {
    const answer = new Promise<Packet>((resolve, reject) => {
      const finish = () => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
      };
      const timer = setTimeout(() => {
        finish();
        reject(new Error('no answer in time'));
      }, ANSWER_LIMIT_MS);
      const waiter: Waiter = {
        matches,
        resolve: (packet) => {
          finish();
          resolve(packet);
        },
      };
      this.#waiters.add(waiter);
      void this.closed.then(() => {
        finish();
        reject(new Error('the connection was closed'));
      });
    });
    // Whoever awaits it hears of a failure; what nobody awaits any more is no error of its own.
    answer.catch(() => {});
    return answer;
  }

  /** The return code of the CONNACK. */
  async connect(hello: Hello): Promise<IConnackPacket> {
    const { clientId, username, password, clean = true, keepalive = 60, will } = hello;
    const answer = this.packet(({ cmd }) => cmd === 'connack');
    this.send({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clientId,
      clean,
      keepalive,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password: Buffer.from(password) }),
      ...(will !== undefined && {
        will: {
          topic: will.topic,
          payload: Buffer.from(will.payload),
          qos: will.qos ?? 0,
          retain: will.retain ?? false,
        },
      }),
    });
    return (await answer) as IConnackPacket;
  }

  nextId(): number {
    this.#nextId = (this.#nextId % 65_535) + 1;
    return this.#nextId;
  }

  /** Resolves once it is acknowledged: PUBACK, or PUBCOMP for QoS 2. */
  async publish(
    topic: string,
    payload: unknown,
    options: { qos?: 0 | 1 | 2; retain?: boolean; dup?: boolean; messageId?: number } = {},
  ): Promise<void> {
    const { qos = 1, retain = false, dup = false, messageId = this.nextId() } = options;
    const content =
      typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload);
    const awaited = { 0: null, 1: 'puback', 2: 'pubcomp' }[qos];
    const answer =
      awaited === null
        ? null
        : this.packet((packet) => packet.cmd === awaited && packet.messageId === messageId);
    const received =
      qos === 2 ? this.packet((packet) => packet.cmd === 'pubrec' && packet.messageId === messageId) : null;
    this.send({ cmd: 'publish', topic, payload: content, qos, retain, dup, ...(qos > 0 && { messageId }) });
    if (received !== null) {
      await received;
      this.send({ cmd: 'pubrel', messageId });
    }
    await answer;
  }

  /** Granted QoS of each filter, 128 for a refusal. */
  async subscribe(...filters: string[]): Promise<number[]> {
    const messageId = this.nextId();
    const answer = this.packet((packet) => packet.cmd === 'suback' && packet.messageId === messageId);
    this.send({ cmd: 'subscribe', messageId, subscriptions: filters.map((topic) => ({ topic, qos: 1 })) });
    const packet = await answer;
    return packet.cmd === 'suback' ? (packet.granted as number[]) : [];
  }

  /** The first message, had or to come, that matches. */
  async message(matches: (message: Message) => boolean): Promise<Message> {
    const deadline = Date.now() + ANSWER_LIMIT_MS;
    for (;;) {
      const found = this.messages.find(matches);
      if (found !== undefined) return found;
      if (this.#ended) throw new Error('the connection was closed');
      await new Promise<void>((resolve, reject) => {
        const wake = () => {
          clearTimeout(timer);
          this.#onMessage.delete(wake);
          resolve();
        };
        const timer = setTimeout(
          () => {
            this.#onMessage.delete(wake);
            reject(new Error(`no such message in time; had ${JSON.stringify(this.messages)}`));
          },
          Math.max(1, deadline - Date.now()),
        );
        this.#onMessage.add(wake);
      });
    }
  }

  messageOn(topic: string): Promise<Message> {
    return this.message((message) => message.topic === topic);
  }

  /** Answered once all that was sent before has been read by the broker. */
  async ping(): Promise<void> {
    const answer = this.packet(({ cmd }) => cmd === 'pingresp');
    this.send({ cmd: 'pingreq' });
    await answer;
  }

  /** Says goodbye, so that no will is published. */
  async disconnect(): Promise<void> {
    if (!this.#ended) this.send({ cmd: 'disconnect' });
    this.socket.end();
    await this.closed;
  }

  /** Breaks the connection. */
  async drop(): Promise<void> {
    this.socket.destroy();
    await this.closed;
  }
}
