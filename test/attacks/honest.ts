import { Quantiles } from '../../scripts/load-test/quantiles.ts';
import { enrolled } from '../helpers/devices.ts';
import type { Rest } from '../helpers/rest.ts';
import type { Server } from '../helpers/server.ts';
import { Wire } from '../helpers/wire.ts';
import { wait } from './target.ts';

const EVERY_MS = 100;

/** A device that does what it should: a reading every 100 ms over TLS, acknowledged. */
class HonestDevice {
  readonly id: string;
  readonly wire: Wire;
  readonly acknowledged: number[] = [];
  latencies = new Quantiles();
  #going = true;
  #done: Promise<void> = Promise.resolve();
  readonly #from = Date.now();

  constructor(id: string, wire: Wire) {
    this.id = id;
    this.wire = wire;
  }

  start(offset: number): void {
    this.#done = this.#run(offset);
  }

  async #run(offset: number): Promise<void> {
    await wait(offset);
    for (let seq = 0; this.#going && !this.wire.ended; seq++) {
      const timestamp = new Date(this.#from + seq).toISOString();
      const reading = { capability_type: 'load', control_type: 'sensor', value: seq, timestamp, seq };
      const began = performance.now();
      await this.wire.publish(`devices/${this.id}/sensor`, reading);
      this.latencies.add(performance.now() - began);
      this.acknowledged.push(seq);
      await wait(EVERY_MS - Math.min(EVERY_MS, performance.now() - began));
    }
  }

  async stop(): Promise<void> {
    this.#going = false;
    await this.#done.catch(() => {});
  }
}

export interface Honest {
  /** Latencies of acknowledgements since it was asked last. */
  latencies(): Quantiles;
  /** Stops them; what is wrong with what they sent and what is stored. */
  faults(): Promise<string[]>;
}

export async function startHonest(server: Server, rest: Rest, count: number): Promise<Honest> {
  const devices: HonestDevice[] = [];
  for (let i = 0; i < count; i++) {
    const id = `honest-${i}`;
    const { wire: first, secret } = await enrolled(server, rest, id, [
      { capability_type: 'load', control_type: 'sensor' },
    ]);
    await first.disconnect();
    const wire = await Wire.tls(server.ports.mqtts, server.ca);
    await wire.connect({ clientId: id, username: id, password: secret });
    devices.push(new HonestDevice(id, wire));
  }
  for (const [i, device] of devices.entries()) device.start((i * EVERY_MS) / count);

  return {
    latencies: () => {
      const all = new Quantiles();
      for (const device of devices) {
        all.addAll(device.latencies);
        device.latencies = new Quantiles();
      }
      return all;
    },
    faults: async () => {
      const faults: string[] = [];
      for (const device of devices) {
        await device.stop();
        if (device.wire.ended) faults.push(`${device.id} was disconnected`);
        const { widget_id } = await rest.widget(device.id, 'load');
        const stored = (await rest.readings(widget_id)).map(({ seq }) => seq);
        const lost = device.acknowledged.filter((seq) => !stored.includes(seq));
        if (lost.length > 0) faults.push(`${device.id}: ${lost.length} acknowledged readings are not stored`);
        if (new Set(stored).size !== stored.length) faults.push(`${device.id}: a reading is stored twice`);
        await device.wire.drop();
      }
      return faults;
    },
  };
}
