import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import type { Value } from '../../db/domain/types.ts';
import type { Model, Random } from './models.ts';
import { isRefusal, register } from './register.ts';
import type { Secrets } from './state.ts';
import type { Tally } from './tally.ts';

const START_ATTEMPTS = 5;
const RECONNECT_MIN_MS = 1000;
const RECONNECT_SPREAD_MS = 2000;
/** Reports of a device that may wait for their acknowledgement; above it the device waits. */
const MAX_WAITING = 100;

export interface SimulatedDeviceDeps {
  id: string;
  model: Model;
  url: string;
  ca: string | null;
  token: string | null;
  secrets: Secrets;
  tally: Tally;
  random: Random;
  slowMs: number;
  /** Percent. */
  garbage: number;
}

interface Command {
  capability_type: string;
  value: Value;
  reply_topic: string;
}

const GARBAGE: readonly string[] = [
  '{"capability_type":"tempera',
  'not JSON at all',
  '{"control_type":"sensor","value":1}',
  '{"capability_type":"x","control_type":"lever","value":1}',
  '{"capability_type":"x","control_type":"sensor","value":{}}',
  '{"capability_type":"x","control_type":"sensor","value":1,"timestamp":"2199-01-01T00:00:00Z"}',
  '['.repeat(200),
  ' '.repeat(65_537),
];

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** A device as its maker would write it with an ordinary MQTT library. */
export class SimulatedDevice {
  readonly #deps: SimulatedDeviceDeps;
  #client: MqttClient | null = null;
  #waiting = 0;
  #ready = false;
  #connected = false;
  #stopping = false;
  /** The end of the connection is our own doing. */
  #dropping = false;

  constructor(deps: SimulatedDeviceDeps) {
    this.#deps = deps;
  }

  /**
   * Connects and registers. What the network spoils is tried again some times, and counted; what the server refuses
   * is not: rejects with its reason.
   */
  async start(): Promise<void> {
    const { id, secrets, token, tally } = this.#deps;
    for (let attempt = 1; ; attempt++) {
      const secret = secrets.get(id);
      try {
        await this.#open(secret ?? token);
        return;
      } catch (error) {
        if (this.#stopping) return;
        // The secret may be of an installation that is no more.
        if (secret !== undefined && token !== null && isRefusal(error)) secrets.forget(id);
        else if (isRefusal(error) || attempt === START_ATTEMPTS) throw error;
        else {
          tally.fault(messageOf(error));
          await sleep(RECONNECT_MIN_MS);
        }
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#client?.endAsync();
  }

  async #open(password: string | null): Promise<void> {
    const { id, url, ca, tally, random, model, secrets } = this.#deps;
    this.#dropping = false;
    const options: IClientOptions = {
      clientId: id,
      username: id,
      ...(password !== null && { password }),
      ...(ca !== null && { ca }),
      clean: false,
      keepalive: 30,
      reconnectPeriod: RECONNECT_MIN_MS + Math.floor(random() * RECONNECT_SPREAD_MS),
      connectTimeout: 30_000,
      // Filters of a session are the server's to remember; what was refused is not asked for again and again.
      resubscribe: false,
    };
    const client = connect(url, options);
    this.#client = client;
    client.on('message', (topic, payload) => this.#onMessage(topic, payload.toString()));
    client.on('connect', () => {
      this.#connected = true;
      tally.connected++;
      if (this.#ready) {
        tally.reconnects++;
        this.#subscribe(client);
      }
    });
    client.on('close', () => this.#onClose());
    // Before it is ready its start tells; the answer to a DISCONNECT may reach the socket as a reset.
    client.on('error', (error) => {
      if (this.#ready && !this.#stopping) tally.fault(error.message);
    });
    try {
      await new Promise<void>((resolve, reject) => {
        client.once('error', reject);
        client.once('close', () => reject(new Error('the connection was closed before it was accepted')));
        client.once('connect', () => resolve());
      });
      const made = await register(client, id, model);
      if (made !== undefined) {
        secrets.set(id, made);
        // From now on it comes back with its secret: the token would only let it register once more.
        client.options.password = made;
      }
      tally.registered++;
    } catch (error) {
      // What it counted as its connection is given up with it.
      this.#dropping = true;
      await client.endAsync(true);
      throw error;
    }
    this.#subscribe(client);
    this.#ready = true;
  }

  #onClose(): void {
    if (!this.#connected || this.#stopping) return;
    const { tally } = this.#deps;
    this.#connected = false;
    tally.connected--;
    if (!this.#dropping) tally.fault('the server ended the connection');
    this.#dropping = false;
  }

  #subscribe(client: MqttClient): void {
    const { id, tally } = this.#deps;
    const topics = ['command/request', 'pair/request', 'errors'].map((name) => `devices/${id}/${name}`);
    client.subscribe(topics, { qos: 1 }, (error) => {
      if (error && !this.#stopping && client.connected) tally.fault(`subscription refused: ${error.message}`);
    });
  }

  #onMessage(topic: string, payload: string): void {
    const { id, tally, garbage, slowMs } = this.#deps;
    if (topic === `devices/${id}/errors`) {
      tally.refused++;
      const { code, message } = JSON.parse(payload) as { code: string; message: string };
      // Which refusal is of which garbage cannot be told; their numbers are compared at the end.
      if (garbage === 0) tally.fault(`${code}: ${message}`);
    } else if (topic === `devices/${id}/pair/request`) {
      tally.pairings++;
      this.#client?.publish(`devices/${id}/pair/response`, JSON.stringify({ status: 'success' }), { qos: 1 });
    } else if (topic === `devices/${id}/command/request`) {
      const command = JSON.parse(payload) as Command;
      setTimeout(() => this.#obey(command), slowMs);
    }
  }

  #obey({ capability_type, value, reply_topic }: Command): void {
    const { model, tally } = this.#deps;
    let result: object;
    try {
      result = { status: 'success', value: model.obey(capability_type, value) };
    } catch (error) {
      result = { status: 'error', message: error instanceof Error ? error.message : String(error) };
    }
    tally.commands++;
    this.#client?.publish(reply_topic, JSON.stringify(result), { qos: 1 });
  }

  /** One heartbeat, and what the model has to say. */
  report(now: Date): void {
    const { id, model, tally, random, garbage } = this.#deps;
    const client = this.#client;
    if (client === null || !this.#ready || !client.connected) return;
    const beat = { capability_type: 'status', control_type: 'heartbeat', value: 'alive' };
    client.publish(`devices/${id}/heartbeat`, JSON.stringify(beat), { qos: 0 });
    for (const reading of model.report(now)) {
      if (this.#waiting >= MAX_WAITING) return;
      if (random() * 100 < garbage) {
        tally.garbage++;
        this.#send(client, GARBAGE[Math.floor(random() * GARBAGE.length)] ?? '');
      } else this.#send(client, JSON.stringify({ ...reading, timestamp: now.toISOString() }));
    }
  }

  #send(client: MqttClient, payload: string): void {
    const { id, tally } = this.#deps;
    const started = performance.now();
    tally.sent++;
    this.#waiting++;
    client.publish(`devices/${id}/sensor`, payload, { qos: 1 }, (error) => {
      this.#waiting--;
      if (error) return;
      tally.acknowledged++;
      tally.latency(performance.now() - started);
    });
  }

  /** Breaks the connection without a word, as bad radio does. */
  drop(): void {
    if (!this.#ready || !this.#client?.connected) return;
    this.#deps.tally.dropped++;
    this.#dropping = true;
    this.#client.stream.destroy();
  }
}
