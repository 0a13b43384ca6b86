import { setTimeout as sleep } from 'node:timers/promises';
import { connected, enrolled, reading } from '../../../test/helpers/devices.ts';
import { etagOf, openConnection, requestBytes } from '../../../test/helpers/raw-http.ts';
import { Rest } from '../../../test/helpers/rest.ts';
import type { Server } from '../../../test/helpers/server.ts';
import { PAYLOAD } from '../contestants/devices.ts';
import { Histogram, type Latencies } from '../load/histogram.ts';
import type { BenchContext, Turn } from './measure.ts';

const REQUESTS = 'devices/probe/command/request';
const POLL_EVERY_MS = 1;
/** Between two looks at the clock. */
const PAUSE_MS = 20;
const LIMIT_MS = 10_000;
/** Of all devices together. */
const RATE = 10_000;
export const LOADING_DEVICES = 1000;
/** Of the messages that were due: below this it was another load. */
const ENOUGH = 0.98;

export interface Probe {
  /** Publishes a reading and polls until it is there. Milliseconds. */
  seeReading(): Promise<number>;
  /** Has the device switch, and waits for the answer that it did. Milliseconds. */
  command(): Promise<number>;
  close(): Promise<void>;
}

/** One more device and one app, each over one connection, that look at the clock. */
export async function openProbe(server: Server): Promise<Probe> {
  const rest = await new Rest(server).logIn();
  const { wire: first, secret } = await enrolled(server, rest, 'probe');
  await first.disconnect();
  const wire = await connected(server, 'probe', secret);
  const { id } = await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name: 'Probe' });
  await rest.expect(200, 'POST', '/api/devices/probe/pair', { room_id: id });
  const { widget_id: power } = await rest.widget('probe', 'power');
  wire.onMessage = ({ topic, payload }) => {
    if (topic !== REQUESTS) return;
    const { reply_topic, value } = JSON.parse(payload) as { reply_topic: string; value: unknown };
    void wire.publish(reply_topic, { status: 'success', value });
  };
  await wire.subscribe(REQUESTS);
  const app = await openConnection(server.ports.http);
  const { token } = rest;
  const path = `/api/rooms/${id}/widgets?status=all`;
  let etag = '';
  let count = 0;

  const shows = async (value: number): Promise<boolean> => {
    const { status, head, body } = await app.ask(requestBytes({ path, token, etag }));
    if (status === 304) return false;
    etag = etagOf(head) ?? '';
    const { widgets } = JSON.parse(body.toString()) as { widgets: { value: unknown }[] };
    return widgets.some((widget) => widget.value === value);
  };

  return {
    seeReading: async () => {
      const value = ++count;
      await shows(value);
      const began = performance.now();
      const seen = async () => {
        while (!(await shows(value))) {
          if (performance.now() - began > LIMIT_MS) throw new Error('a reading was not seen in time');
          await sleep(POLL_EVERY_MS);
        }
        return performance.now() - began;
      };
      const [, taken] = await Promise.all([wire.publish('devices/probe/sensor', reading(value)), seen()]);
      return taken;
    },
    command: async () => {
      const value = ++count % 2 === 0 ? 'ON' : 'OFF';
      const commandPath = `/api/widgets/${power}/command`;
      const request = requestBytes({ method: 'POST', path: commandPath, token, body: { value } });
      const began = performance.now();
      const { status, body } = await app.ask(request);
      if (status !== 200) throw new Error(`a command was answered ${status}: ${body.toString()}`);
      return performance.now() - began;
    },
    close: async () => {
      app.close();
      await wire.disconnect();
    },
  };
}

/** Looks at the clock again and again, for so long. */
async function sample(look: () => Promise<number>, milliseconds: number): Promise<Latencies> {
  const histogram = new Histogram();
  const end = performance.now() + milliseconds;
  while (performance.now() < end) {
    histogram.add(await look());
    await sleep(PAUSE_MS);
  }
  return histogram.summary();
}

/** The same look with nothing else to do, and beside 10,000 readings a second of 1,000 devices. */
export async function idleAndLoaded(
  context: BenchContext,
  { running, load, add }: Turn,
  name: string,
  look: (probe: Probe) => Promise<number>,
): Promise<void> {
  const { warmUpMs, measureMs, short, say, fault } = context;
  const { server, host, port, clients } = running;
  if (server === null) return;
  const probe = await openProbe(server);
  const told = (state: string, { count, p50, p99, max }: Latencies) => {
    const common = { unit: 'ms', better: 'less' } as const;
    for (const [part, value] of Object.entries({ p50, p99, max }))
      add({ measure: `${name}, ${state}`, part, value, ...common });
    say(
      `${name}, ${state}: p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, max ${max.toFixed(1)} ms of ${count}`,
    );
  };
  try {
    await sample(() => look(probe), warmUpMs / 2);
    told('idle', await sample(() => look(probe), measureMs));
    await load.connect({ host, port }, clients, PAYLOAD);
    const rate = short ? RATE / 10 : RATE;
    const looking = sleep(warmUpMs).then(() => sample(() => look(probe), measureMs));
    const [result, latencies] = await Promise.all([load.run({ rate }, warmUpMs, measureMs), looking]);
    told(`beside ${rate.toLocaleString('en-US')} readings/s`, latencies);
    const { ackedInWindow, windowMs, withheld, closed } = result;
    const reached = (ackedInWindow / windowMs) * 1000;
    if (closed > 0) fault(`${closed} connections ended under load`);
    if (withheld > 0 || reached < rate * ENOUGH)
      say(`WARNING: the load was ${Math.round(reached)} readings/s, and ${withheld} were withheld`);
  } finally {
    await probe.close();
  }
}
