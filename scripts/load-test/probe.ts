import { setTimeout as sleep } from 'node:timers/promises';
import { connected, enrolled } from '../../test/helpers/devices.ts';
import type { Rest } from '../../test/helpers/rest.ts';
import type { Server } from '../../test/helpers/server.ts';
import type { Wire } from '../../test/helpers/wire.ts';
import { Quantiles } from './quantiles.ts';

const PAUSE_MS = 50;
const POLL_MS = 1;

export interface ProbeResult {
  /** From the publish of a reading until REST shows it. */
  visible: Quantiles;
  /** From the request of a command until REST answers that it was executed. */
  command: Quantiles;
  /** An unchanged poll of a room: 304. */
  poll: Quantiles;
}

/** One more device and one app, beside the load, that look at the clock. */
export async function startProbe(server: Server, rest: Rest) {
  const { wire: first, secret } = await enrolled(server, rest, 'probe');
  await first.disconnect();
  const wire: Wire = await connected(server, 'probe', secret);
  const { id } = await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name: 'Probe' });
  await rest.expect(200, 'POST', '/api/devices/probe/pair', { room_id: id });
  const { widget_id: power } = await rest.widget('probe', 'power');
  await wire.subscribe('devices/probe/command/request');
  wire.onMessage = ({ topic, payload }) => {
    if (topic !== 'devices/probe/command/request') return;
    const { reply_topic, value } = JSON.parse(payload) as { reply_topic: string; value: unknown };
    void wire.publish(reply_topic, { status: 'success', value });
  };
  const result: ProbeResult = { visible: new Quantiles(), command: new Quantiles(), poll: new Quantiles() };
  const path = `/api/rooms/${id}/widgets?status=all`;
  let running = true;
  let count = 0;

  const seeReading = async () => {
    const value = ++count;
    const started = performance.now();
    // The acknowledgement comes before or after the reading is visible; here only the latter counts.
    void wire.publish('devices/probe/sensor', {
      capability_type: 'temperature',
      control_type: 'sensor',
      value,
    });
    for (;;) {
      const { body } = await rest.get<{ widgets: { value: unknown }[] }>(path);
      if (body.widgets.some((widget) => widget.value === value)) break;
      await sleep(POLL_MS);
    }
    result.visible.add(performance.now() - started);
  };

  const command = async () => {
    const started = performance.now();
    const value = count % 2 === 0 ? 'ON' : 'OFF';
    await rest.expect(200, 'POST', `/api/widgets/${power}/command`, { value });
    result.command.add(performance.now() - started);
  };

  const poll = async () => {
    const etag = (await rest.get(path)).headers.get('ETag') ?? '';
    const started = performance.now();
    const { status } = await rest.get(path, { 'If-None-Match': etag });
    if (status === 304) result.poll.add(performance.now() - started);
  };

  const loop = (async () => {
    while (running) {
      await seeReading();
      await command();
      await poll();
      await sleep(PAUSE_MS);
    }
  })();

  return async (): Promise<ProbeResult> => {
    running = false;
    await loop;
    await wire.disconnect();
    return result;
  };
}
