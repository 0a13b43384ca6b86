import { connect, type Socket } from 'node:net';
import { generate, type Packet, parser } from 'mqtt-packet';

/** As client libraries have it: no answer for so long, and the connection counts as dead. */
const ANSWER_LIMIT_MS = 5000;
const LOOK_EVERY_MS = 250;
const PING_EVERY_MS = 3000;
const KEEPALIVE_S = 15;
const RECONNECT_MS = 100;
const SPREAD_MS = 400;
const LAST_PACKET_ID = 65_535;
const FIRST_PACKET_ID = 10;
const SUBSCRIBE_ID = 1;

export interface Address {
  host: string;
  port: number;
}

export interface Identity {
  clientId: string;
  username: string;
  password: string;
  clean: boolean;
  will?: { topic: string; payload: string };
}

export interface FailoverOptions extends Identity {
  /** Of the nodes as they are now, in an order that never changes. */
  addresses: () => readonly Address[];
  /** Index of the node that it begins with. */
  first: number;
  filters: readonly string[];
  onMessage: (topic: string, payload: string) => void;
  /** From the first sending of a message to its PUBACK. */
  onAcknowledged?: (milliseconds: number) => void;
}

interface Pending {
  topic: string;
  payload: string;
  acknowledged: () => void;
  firstSentAt: number;
  sentAt: number;
  written: boolean;
}

/**
 * A client as libraries make them: it keeps what is not acknowledged, goes to the next node when its connection ends or says
 * nothing for five seconds, and sends there again, with DUP, what was not acknowledged.
 */
export class FailoverClient {
  readonly counts = { connections: 0, refused: 0, silent: 0, redelivered: 0 };
  /** Index of the node; null while it has no session. */
  node: number | null = null;
  /** Its CONNACKs: index of the node, and `performance.now()`. */
  readonly sessions: { node: number; at: number }[] = [];
  readonly #options: FailoverOptions;
  readonly #pending = new Map<number, Pending>();
  #socket: Socket | null = null;
  #target: number;
  #running = false;
  #packetId = FIRST_PACKET_ID;
  #timer: NodeJS.Timeout | undefined;
  #lastRead = 0;
  #lastPing = 0;
  #pingedAt = 0;
  #waitingSince = 0;
  #onSubscribed: (() => void)[] = [];

  constructor(options: FailoverOptions) {
    this.#options = options;
    this.#target = options.first;
  }

  get unacknowledged(): number {
    return this.#pending.size;
  }
  /** Age of the oldest message that is not acknowledged. Milliseconds. */
  get oldestWait(): number {
    const [first] = this.#pending.values();
    return first === undefined ? 0 : performance.now() - first.firstSentAt;
  }

  /** Resolves once its subscriptions are acknowledged for the first time. */
  start(): Promise<void> {
    this.#running = true;
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
    const subscribed = new Promise<void>((resolve) => void this.#onSubscribed.push(resolve));
    this.#connect();
    return subscribed;
  }

  /** Says goodbye. */
  stop(): void {
    this.#running = false;
    clearInterval(this.#timer);
    if (this.node !== null) this.#socket?.write(generate({ cmd: 'disconnect' }));
    this.#socket?.end();
    setTimeout(() => this.#socket?.destroy(), 500).unref();
  }

  /** Does nothing any more and does not come back; its connection stays as it is. */
  abandon(): void {
    this.#running = false;
    clearInterval(this.#timer);
  }

  publish(topic: string, payload: string, acknowledged: () => void = () => {}): void {
    do this.#packetId = this.#packetId === LAST_PACKET_ID ? FIRST_PACKET_ID : this.#packetId + 1;
    while (this.#pending.has(this.#packetId));
    const now = performance.now();
    const pending = { topic, payload, acknowledged, firstSentAt: now, sentAt: now, written: false };
    this.#pending.set(this.#packetId, pending);
    this.#write(this.#packetId, pending);
  }

  #connect(): void {
    const addresses = this.#options.addresses();
    const address = addresses[this.#target % addresses.length];
    if (address === undefined) throw new Error('there is no node');
    const { clientId, username, password, clean, will } = this.#options;
    const socket = connect(address);
    this.#socket = socket;
    this.#waitingSince = performance.now();
    this.#pingedAt = 0;
    socket.setNoDelay(true);
    const parse = parser();
    parse.on('packet', (packet) => {
      if (this.#socket === socket) this.#receive(packet);
    });
    parse.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      this.#lastRead = performance.now();
      parse.parse(chunk);
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#ended());
    socket.on('connect', () => {
      const willPacket = will && {
        topic: will.topic,
        payload: Buffer.from(will.payload),
        qos: 1 as const,
        retain: false,
      };
      socket.write(
        generate({
          cmd: 'connect',
          ...{ protocolId: 'MQTT', protocolVersion: 4, clientId, clean, keepalive: KEEPALIVE_S },
          ...{ username, password: Buffer.from(password) },
          ...(willPacket && { will: willPacket }),
        }),
      );
    });
  }

  #ended(): void {
    this.node = null;
    this.#target++;
    if (!this.#running) return;
    setTimeout(() => this.#running && this.#connect(), RECONNECT_MS + Math.random() * SPREAD_MS);
  }

  /** A connection on which something is due for too long is given up. */
  #look(): void {
    const socket = this.#socket;
    if (socket === null || socket.destroyed) return;
    const now = performance.now();
    const late = (since: number) => since > 0 && now - since > ANSWER_LIMIT_MS;
    const [oldest] = this.#pending.values();
    const unanswered = this.node !== null && oldest?.written === true && late(oldest.sentAt);
    if (late(this.#waitingSince) || unanswered || late(this.#pingedAt)) {
      this.counts.silent++;
      socket.destroy();
      return;
    }
    if (this.node === null || now - Math.max(this.#lastRead, this.#lastPing) < PING_EVERY_MS) return;
    this.#lastPing = now;
    if (this.#pingedAt === 0) this.#pingedAt = now;
    socket.write(generate({ cmd: 'pingreq' }));
  }

  #receive(packet: Packet): void {
    this.#pingedAt = 0;
    if (packet.cmd === 'connack') this.#accepted(packet.returnCode ?? 0, packet.sessionPresent);
    if (packet.cmd === 'suback') this.#subscribed();
    if (packet.cmd === 'publish') {
      const { topic, payload, qos, messageId } = packet;
      if (qos === 1 && messageId !== undefined) this.#socket?.write(generate({ cmd: 'puback', messageId }));
      this.#options.onMessage(topic, payload.toString());
    }
    if (packet.cmd !== 'puback' || packet.messageId === undefined) return;
    const pending = this.#pending.get(packet.messageId);
    if (pending === undefined) return;
    this.#pending.delete(packet.messageId);
    this.#options.onAcknowledged?.(performance.now() - pending.firstSentAt);
    pending.acknowledged();
  }

  #accepted(returnCode: number, sessionPresent: boolean): void {
    const socket = this.#socket;
    if (returnCode !== 0) {
      this.counts.refused++;
      socket?.destroy();
      return;
    }
    this.counts.connections++;
    this.node = this.#target % this.#options.addresses().length;
    this.sessions.push({ node: this.node, at: performance.now() });
    const { filters } = this.#options;
    if (filters.length === 0 || sessionPresent) this.#subscribed();
    else {
      const subscriptions = filters.map((topic) => ({ topic, qos: 1 as const }));
      socket?.write(generate({ cmd: 'subscribe', messageId: SUBSCRIBE_ID, subscriptions }));
      // Its SUBACK is waited for as a CONNACK is.
      this.#waitingSince = performance.now();
    }
    for (const [messageId, pending] of this.#pending) this.#write(messageId, pending);
  }

  #subscribed(): void {
    this.#waitingSince = 0;
    for (const tell of this.#onSubscribed.splice(0)) tell();
  }

  #write(messageId: number, pending: Pending): void {
    if (this.node === null) return;
    const { topic, payload, written: dup } = pending;
    if (dup) this.counts.redelivered++;
    pending.written = true;
    pending.sentAt = performance.now();
    this.#socket?.write(generate({ cmd: 'publish', topic, payload, qos: 1, dup, retain: false, messageId }));
  }
}
