import { connected, enrolled } from './devices.ts';
import type { Rest } from './rest.ts';
import type { Server } from './server.ts';
import { until } from './wait.ts';
import type { Wire } from './wire.ts';

/** One of each sort of control. */
export const EVERYTHING = [
  { capability_type: 'power', control_type: 'toggle' },
  { capability_type: 'brightness', control_type: 'slider', min: 0, max: 100, unit: '%' },
  { capability_type: 'mode', control_type: 'mode', options: ['cool', 'heat', 'auto'] },
  { capability_type: 'message', control_type: 'text' },
  { capability_type: 'chime', control_type: 'button' },
  { capability_type: 'temperature', control_type: 'sensor', unit: '°C' },
];

interface Command {
  capability_type: string;
  value: unknown;
  reply_topic: string;
}

/** A device that obeys, refuses or says nothing, comes and goes, as the test likes. */
export class Lamp {
  manner: 'obey' | 'reject' | 'silent' = 'obey';
  reason = 'the blades are jammed';
  /** On its label; with another one it refuses to be paired. */
  key = '1234-5678';
  /** As they came. */
  readonly commands: { type: string; value: unknown }[] = [];
  readonly id: string;
  readonly #server: Server;
  readonly #rest: Rest;
  readonly #secret: string;
  #wire: Wire;

  static async enrol(server: Server, rest: Rest, id: string, capabilities: object[] = EVERYTHING) {
    const { wire, secret } = await enrolled(server, rest, id, capabilities);
    const lamp = new Lamp(server, rest, { id, secret, wire });
    await lamp.#listen();
    return lamp;
  }

  /** One that has its secret already. */
  static async of(server: Server, rest: Rest, id: string, secret: string): Promise<Lamp> {
    const lamp = new Lamp(server, rest, { id, secret, wire: await connected(server, id, secret) });
    await lamp.#listen();
    return lamp;
  }

  private constructor(
    server: Server,
    rest: Rest,
    { id, secret, wire }: { id: string; secret: string; wire: Wire },
  ) {
    this.id = id;
    this.#server = server;
    this.#rest = rest;
    this.#secret = secret;
    this.#wire = wire;
  }

  async #listen(): Promise<void> {
    const command = `devices/${this.id}/command/request`;
    const pairing = `devices/${this.id}/pair/request`;
    this.#wire.onMessage = ({ topic, payload }) => {
      if (topic === command) this.#take(JSON.parse(payload) as Command);
      if (topic === pairing) this.#confirm(JSON.parse(payload) as { device_key: string });
    };
    await this.#wire.subscribe(command, pairing);
  }

  #confirm({ device_key }: { device_key: string }): void {
    const answer =
      device_key === this.key ? { status: 'success' } : { status: 'error', message: 'wrong key' };
    this.#publish(`devices/${this.id}/pair/response`, answer);
  }

  #publish(topic: string, payload: object): void {
    // The test may end meanwhile.
    this.#wire.publish(topic, payload).catch(() => {});
  }

  #take({ capability_type: type, value, reply_topic }: Command): void {
    this.commands.push({ type, value });
    if (this.manner === 'silent') return;
    const answer =
      this.manner === 'obey' ? { status: 'success', value } : { status: 'error', message: this.reason };
    this.#publish(reply_topic, answer);
  }

  pair(roomId: number): Promise<unknown> {
    return this.#rest.expect(200, 'POST', `/api/devices/${this.id}/pair`, { room_id: roomId });
  }

  /** All its cards, in the order of its capabilities, as far as none of another device are in the room. */
  async show(): Promise<void> {
    const { room_id, widgets } = await this.#rest.device(this.id);
    const widget_orders = widgets.map(({ widget_id }, order) => ({ widget_id, order, status: 'include' }));
    await this.#rest.expect(200, 'POST', `/api/rooms/${room_id}/widgets/order`, { widget_orders });
  }

  widget(type: string) {
    return this.#rest.widget(this.id, type);
  }

  report(type: string, value: unknown): Promise<void> {
    const reading = { capability_type: type, control_type: 'sensor', value };
    return this.#wire.publish(`devices/${this.id}/sensor`, reading);
  }

  /** A message as it is, right or wrong. */
  send(payload: string): Promise<void> {
    return this.#wire.publish(`devices/${this.id}/sensor`, payload);
  }

  /** Goes, and is known to be gone where there is a server to know it. */
  async leave(): Promise<void> {
    await this.#wire.disconnect();
    if (!this.#server.alive) return;
    await until(`${this.id} is away`, async () => {
      const { status, body } = await this.#rest.get<{ connected?: boolean }>(`/api/devices/${this.id}`);
      return status === 404 || body.connected === false;
    });
  }

  async comeBack(): Promise<void> {
    this.#wire = await connected(this.#server, this.id, this.#secret);
    await this.#listen();
  }
}
