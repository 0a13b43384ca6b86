import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';
import { generate } from 'mqtt-packet';
import type { ClientSpec, Target } from './protocol.ts';

/** Packet ids go round from 1 to this: so many messages of a client may be unacknowledged. */
export const WINDOW = 64;
/** Connections from one loopback address; the next ones come from the next address. */
const PER_ADDRESS = 4000;
const PUBACK = 0x40;
const NOTHING = Buffer.alloc(0);

/** Made once for a CA: what it costs is not part of a connection. */
const contexts = new Map<string, SecureContext>();

function contextOf(ca: string): SecureContext {
  const known = contexts.get(ca) ?? createSecureContext({ ca, minVersion: 'TLSv1.3' });
  contexts.set(ca, known);
  return known;
}

export interface ClientEvents {
  /** `sentAt`: `performance.now()` when it was written. */
  onAck: (client: LoadClient, sentAt: number) => void;
  onClosed: (client: LoadClient) => void;
}

/**
 * One device on a raw socket. All its packets are built once, ids 1 to 64 twice in a row, so that any run of ids is one
 * piece of one buffer and one write.
 */
export class LoadClient {
  readonly #spec: ClientSpec;
  readonly #events: ClientEvents;
  readonly #index: number;
  readonly #packets: Buffer;
  readonly #size: number;
  readonly #sentAt = new Float64Array(WINDOW);
  #socket: Socket | null = null;
  #session: Buffer | undefined;
  /** Of the acknowledgement that is being read; it may come in pieces. */
  #partial: Buffer = NOTHING;
  /** Places in the window, from 0: of the next to send, of the next to be acknowledged. */
  #next = 0;
  #oldest = 0;
  unacked = 0;

  constructor(spec: ClientSpec, payload: string, index: number, events: ClientEvents) {
    this.#spec = spec;
    this.#events = events;
    this.#index = index;
    const publish = (messageId: number) =>
      generate({ cmd: 'publish', topic: spec.topic, payload, qos: 1, retain: false, dup: false, messageId });
    const once = Array.from({ length: WINDOW }, (_, i) => publish(i + 1));
    this.#size = once[0]?.length ?? 0;
    this.#packets = Buffer.concat([...once, ...once]);
  }

  /** Resolves at its CONNACK 0; rejects with the reason. */
  connect(target: Target, limitMs: number): Promise<void> {
    this.#next = 0;
    this.#oldest = 0;
    this.unacked = 0;
    this.#partial = NOTHING;
    const socket = this.#open(target);
    this.#socket = socket;
    const { id, username, password } = this.#spec;
    const credentials = username === undefined ? {} : { username, password: Buffer.from(password ?? '') };
    const hello = generate({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: true,
      clientId: id,
      keepalive: 0,
      ...credentials,
    });
    return new Promise((resolve, reject) => {
      const fail = (reason: string) => {
        clearTimeout(timer);
        socket.destroy();
        reject(new Error(reason));
      };
      const timer = setTimeout(() => fail('no CONNACK in time'), limitMs);
      socket.once(target.ca === undefined ? 'connect' : 'secureConnect', () => socket.write(hello));
      socket.on('error', (error) => fail(error.message));
      const gone = () => fail('closed before its CONNACK');
      socket.once('close', gone);
      socket.once('data', (chunk: Buffer) => {
        const [type, , , code] = chunk;
        if (type !== 0x20 || code !== 0) return fail(`refused with ${code}`);
        clearTimeout(timer);
        socket.off('close', gone);
        socket.on('close', () => this.#events.onClosed(this));
        socket.on('data', (more: Buffer) => this.#read(more));
        resolve();
      });
    });
  }

  #open({ ca, resume = false, ...common }: Target): Socket {
    const { host, port } = this.#spec.at ?? common;
    const localAddress = `127.0.0.${1 + Math.floor(this.#index / PER_ADDRESS)}`;
    const plain = connectTcp({ host, port, localAddress, noDelay: true });
    if (ca === undefined) return plain;
    const socket = connectTls({
      socket: plain,
      secureContext: contextOf(ca),
      servername: 'localhost',
      ...(resume && this.#session !== undefined && { session: this.#session }),
    });
    plain.on('error', (error) => socket.destroy(error));
    if (resume) {
      socket.on('session', (session) => {
        this.#session = session;
      });
    }
    return socket;
  }

  /** Sends as many as the window has room for, at most `count`; gives how many. */
  send(count: number): number {
    const room = Math.min(count, WINDOW - this.unacked);
    const socket = this.#socket;
    if (room <= 0 || socket === null || socket.destroyed) return 0;
    const now = performance.now();
    for (let i = 0; i < room; i++) this.#sentAt[(this.#next + i) % WINDOW] = now;
    socket.write(this.#packets.subarray(this.#next * this.#size, (this.#next + room) * this.#size));
    this.#next = (this.#next + room) % WINDOW;
    this.unacked += room;
    return room;
  }

  #read(chunk: Buffer): void {
    const bytes = this.#partial.length === 0 ? chunk : Buffer.concat([this.#partial, chunk]);
    const whole = bytes.length - (bytes.length % 4);
    for (let at = 0; at < whole; at += 4) {
      const id = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
      // Acknowledgements come in the order of the messages [MQTT-4.6.0-2].
      if (bytes[at] !== PUBACK || id !== this.#oldest + 1) {
        this.#socket?.destroy(new Error(`an acknowledgement of ${id} where ${this.#oldest + 1} was due`));
        return;
      }
      const sentAt = this.#sentAt[this.#oldest] ?? 0;
      this.#oldest = (this.#oldest + 1) % WINDOW;
      this.unacked--;
      this.#events.onAck(this, sentAt);
    }
    this.#partial = whole === bytes.length ? NOTHING : bytes.subarray(whole);
  }

  get open(): boolean {
    return this.#socket !== null && !this.#socket.destroyed;
  }

  close(): void {
    this.#socket?.destroy();
  }
}
