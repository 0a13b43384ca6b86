import { Book } from '../../soak/book.ts';
import { type Address, FailoverClient } from './failover-client.ts';
import type { Phase } from './phases.ts';

/** Unacknowledged messages of a device; it waits at that many. */
const MAX_UNACKNOWLEDGED = 500;
const BATCH = 5;
/** Of so many acknowledged numbers the time is remembered. */
const REMEMBERED = 400;

/** What a device did with a command. Milliseconds since the epoch. */
export interface Obedience {
  answer: 'success' | 'error' | 'none';
  seenAt: number;
  /** How often it came. */
  times: number;
  acknowledgedAt: number | null;
}

export interface DeviceOptions {
  id: string;
  secret: string;
  clean: boolean;
  first: number;
  addresses: () => readonly Address[];
  onAcknowledged: (milliseconds: number) => void;
  /** What is wrong at the moment. */
  phase: () => Phase;
}

/** A device whose readings are numbered, and that obeys: one command of twenty it refuses, and one it never answers. */
export class Device {
  readonly id: string;
  readonly book = new Book();
  /** By correlation id. */
  readonly commands = new Map<string, Obedience>();
  readonly client: FailoverClient;
  /** What it was told to be wrong. */
  readonly errors: string[] = [];
  withheld = 0;
  /** By number: what was wrong when it was sent, or when it was acknowledged if nothing was before; and when that was. */
  readonly circumstances: { phase: Phase; at: number }[] = [];
  readonly #phase: () => Phase;
  /** Newest last. */
  readonly #acknowledged: { number: number; at: number }[] = [];

  constructor({ id, secret, phase, ...rest }: DeviceOptions) {
    this.id = id;
    this.#phase = phase;
    this.client = new FailoverClient({
      ...rest,
      ...{ clientId: id, username: id, password: secret },
      filters: [`devices/${id}/command/request`, `devices/${id}/errors`],
      onMessage: (topic, payload) => {
        if (topic.endsWith('/command/request')) this.#obey(payload);
        else this.errors.push(payload);
      },
    });
  }

  report(batch: boolean): void {
    if (this.client.unacknowledged >= MAX_UNACKNOWLEDGED) {
      this.withheld++;
      return;
    }
    const at = Date.now();
    const sentIn = this.#phase();
    const timestamp = new Date(at).toISOString();
    const numbers = Array.from({ length: batch ? BATCH : 1 }, () => this.book.send(at));
    const readings = numbers.map((number) => ({
      ...{ capability_type: 'load', control_type: 'sensor', value: number },
      ...{ timestamp, seq: number },
    }));
    const payload = JSON.stringify(batch ? { readings } : readings[0]);
    this.client.publish(`devices/${this.id}/sensor`, payload, () => {
      for (const number of numbers) this.book.acknowledge(number);
      const phase = sentIn.name === 'calm' ? this.#phase() : sentIn;
      for (const number of numbers) this.circumstances[number] = { phase, at: performance.now() };
      this.#acknowledged.push({ number: numbers.at(-1) ?? 0, at: performance.now() });
      if (this.#acknowledged.length > REMEMBERED) this.#acknowledged.shift();
    });
  }

  /** How long before `askedAt` something newer than `value` had been acknowledged. Milliseconds; 0: nothing newer was. */
  staleness(value: number, askedAt: number): number {
    const newer = this.#acknowledged.find(({ number }) => number > value);
    return newer === undefined ? 0 : Math.max(0, askedAt - newer.at);
  }

  #obey(payload: string): void {
    const { correlation_id: id, reply_topic: topic, value } = JSON.parse(payload) as Record<string, string>;
    if (id === undefined || topic === undefined) throw new Error(`no command: ${payload}`);
    const known = this.commands.get(id);
    if (known !== undefined) {
      known.times++;
      return;
    }
    const turn = this.commands.size % 20;
    const answer = turn === 7 ? 'error' : turn === 13 ? 'none' : 'success';
    const obedience: Obedience = { answer, seenAt: Date.now(), times: 1, acknowledgedAt: null };
    this.commands.set(id, obedience);
    if (answer === 'none') return;
    const result = answer === 'error' ? { message: 'jammed' } : { value };
    this.client.publish(topic, JSON.stringify({ status: answer, ...result }), () => {
      obedience.acknowledgedAt = Date.now();
    });
  }
}
