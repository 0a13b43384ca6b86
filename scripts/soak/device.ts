import { setTimeout as sleep } from 'node:timers/promises';
import { Wire } from '../../test/helpers/wire.ts';
import { Book } from './book.ts';
import type { House } from './house.ts';

export const CAPABILITIES = [
  { capability_type: 'load', control_type: 'sensor' },
  { capability_type: 'power', control_type: 'toggle' },
];
/** Seconds. A silent device is closed after one and a half times that. */
export const KEEPALIVE = 15;
/** Unacknowledged messages of a device; it waits at that many. */
const MAX_PENDING = 200;
const BATCH = 5;
/** Above those that the wire counts for its subscriptions. */
const FIRST_PACKET_ID = 1000;
const LAST_PACKET_ID = 65_535;
const RECONNECT_MS = 1000;

export type Ending = 'goodbye' | 'cut' | 'reset' | 'silence';

interface Pending {
  topic: string;
  payload: string;
  written: boolean;
  acknowledged: () => void;
}

/** What a device did with a command. Milliseconds since the epoch. */
export interface Obedience {
  answer: 'success' | 'error' | 'none';
  acknowledgedAt: number | null;
}

export interface SoakDeviceOptions {
  id: string;
  secret: string;
  tls: boolean;
  /** Its session ends with its connection. */
  clean: boolean;
  house: House;
}

/** A device that keeps what is not acknowledged and sends it again (DUP, same packet id) over each new connection. */
export class SoakDevice {
  readonly id: string;
  readonly book = new Book();
  /** By correlation id. */
  readonly commands = new Map<string, Obedience>();
  readonly #options: SoakDeviceOptions;
  readonly #pending = new Map<number, Pending>();
  #wire: Wire | null = null;
  #packetId = FIRST_PACKET_ID;

  constructor(options: SoakDeviceOptions) {
    this.id = options.id;
    this.#options = options;
  }

  get connected(): boolean {
    return this.#wire !== null;
  }
  get unacknowledged(): number {
    return this.#pending.size;
  }

  async connect(): Promise<void> {
    const { server, tally } = this.#options.house;
    const { secret, tls, clean } = this.#options;
    const wire = await (tls ? Wire.tls(server.ports.mqtts, server.ca) : Wire.tcp(server.ports.mqtt));
    // The wire is for tests of some seconds and keeps all.
    wire.onMessage = ({ topic, payload }) => {
      wire.messages.length = 0;
      this.#receive(topic, payload);
    };
    const { id } = this;
    const { returnCode, sessionPresent } = await wire.connect({
      clientId: id,
      username: id,
      password: secret,
      clean,
      keepalive: KEEPALIVE,
    });
    if (returnCode !== 0) throw new Error(`CONNACK ${returnCode}`);
    tally.count(`connections, ${tls ? 'TLS' : 'plain'}`);
    if (!sessionPresent) await wire.subscribe(`devices/${id}/command/request`, `devices/${id}/errors`);
    this.#wire = wire;
    void wire.closed.then(() => this.#lost(wire));
    for (const [packetId, pending] of this.#pending) this.#write(packetId, pending);
  }

  /** The end of a connection that this device still thought of as its own. */
  #lost(wire: Wire): void {
    if (this.#wire !== wire) return;
    this.#wire = null;
    this.#options.house.tally.fault('the server closed a connection', this.id);
  }

  /** Ends the connection in one of the ways in which connections end, and comes back after about `awayMs`. */
  async drop(ending: Ending, awayMs: number): Promise<void> {
    const { random, signal, tally } = this.#options.house;
    const wire = this.#wire;
    if (wire === null) return;
    this.#wire = null;
    const silent = ending === 'silence';
    // What goes through TLS cannot be reset apart from it.
    const kind = ending === 'reset' && this.#options.tls ? 'cut' : ending;
    tally.count(`endings by ${kind}`);
    if (kind === 'goodbye') await wire.disconnect();
    else if (kind === 'reset') wire.socket.resetAndDestroy();
    else if (kind === 'cut') await wire.drop();
    else wire.socket.pause();
    await sleep(awayMs, undefined, { signal }).catch(() => {});
    // Half of the silent ones come back while their old connection is still there.
    if (silent && random.next() < 0.5) wire.socket.destroy();
    await this.#comeBack();
    wire.socket.destroy();
  }

  async #comeBack(): Promise<void> {
    const { signal, tally } = this.#options.house;
    for (;;) {
      try {
        await this.connect();
        return;
      } catch (error) {
        tally.fault('a device could not come back', `${this.id}: ${String(error)}`);
        // The load may have ended: then the rest of its messages is worth one attempt only.
        if (signal.aborted) return;
        await sleep(RECONNECT_MS);
      }
    }
  }

  async stop(): Promise<void> {
    const wire = this.#wire;
    this.#wire = null;
    await wire?.disconnect();
  }

  heartbeat(): void {
    const beat = { capability_type: 'status', control_type: 'heartbeat', value: 'alive' };
    void this.#wire?.publish(`devices/${this.id}/heartbeat`, beat, { qos: 0 });
  }

  /** Sends readings in one message, or keeps them for the next connection. */
  report(batch: boolean): void {
    const { tally } = this.#options.house;
    if (this.#pending.size >= MAX_PENDING) {
      tally.count('messages held back');
      return;
    }
    const at = Date.now();
    const timestamp = new Date(at).toISOString();
    const numbers = Array.from({ length: batch ? BATCH : 1 }, () => this.book.send(at));
    const readings = numbers.map((number) => ({
      ...{ capability_type: 'load', control_type: 'sensor', value: number },
      ...{ timestamp, seq: number },
    }));
    this.#send(`devices/${this.id}/sensor`, batch ? { readings } : readings[0], () => {
      for (const number of numbers) this.book.acknowledge(number);
      tally.count('readings acknowledged', numbers.length);
    });
    tally.count('messages');
  }

  #send(topic: string, content: unknown, acknowledged: () => void): void {
    do this.#packetId = this.#packetId === LAST_PACKET_ID ? FIRST_PACKET_ID : this.#packetId + 1;
    while (this.#pending.has(this.#packetId));
    const pending = { topic, payload: JSON.stringify(content), written: false, acknowledged };
    this.#pending.set(this.#packetId, pending);
    this.#write(this.#packetId, pending);
  }

  #write(messageId: number, pending: Pending): void {
    const { tally } = this.#options.house;
    const wire = this.#wire;
    if (wire === null) return;
    const { topic, payload, written: dup, acknowledged } = pending;
    pending.written = true;
    if (dup) tally.count('messages sent again');
    const sentAt = performance.now();
    wire.publish(topic, payload, { dup, messageId }).then(
      () => {
        if (this.#pending.get(messageId) !== pending) return;
        this.#pending.delete(messageId);
        tally.latency('acknowledgement', performance.now() - sentAt);
        acknowledged();
      },
      (error) => {
        // Otherwise its connection has ended, and it goes over the next one.
        if (this.#wire !== wire) return;
        tally.fault('an acknowledgement did not come', error);
        // As any library does: over a new connection all that waits is sent again.
        void this.drop('cut', 0);
      },
    );
  }

  #receive(topic: string, payload: string): void {
    const { tally } = this.#options.house;
    if (topic.endsWith('/errors')) tally.fault('a message was refused', payload);
    else if (topic.endsWith('/command/request')) this.#obey(payload);
  }

  /** Of twenty commands one is answered with an error and one never; most at once, some after a while. */
  #obey(payload: string): void {
    const { random, tally } = this.#options.house;
    const { correlation_id, reply_topic, value } = JSON.parse(payload) as Record<string, string>;
    if (correlation_id === undefined || reply_topic === undefined) {
      tally.fault('a command is not whole', payload);
      return;
    }
    if (this.commands.has(correlation_id)) {
      tally.fault('a command came twice', payload);
      return;
    }
    const answer = (['error', 'none'] as const)[random.below(20)] ?? 'success';
    const obedience: Obedience = { answer, acknowledgedAt: null };
    this.commands.set(correlation_id, obedience);
    if (answer === 'none') return;
    const result = answer === 'error' ? { message: 'jammed' } : { value };
    const answerIt = () =>
      this.#send(reply_topic, { status: answer, ...result }, () => {
        obedience.acknowledgedAt = Date.now();
      });
    if (random.next() < 0.8) answerIt();
    else setTimeout(answerIt, 1000 * random.next());
  }
}
