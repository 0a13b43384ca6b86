import { enrolled, reading } from './devices.ts';
import { Rest } from './rest.ts';
import type { Server } from './server.ts';
import { Wire } from './wire.ts';

const PASSWORD = 'correct horse battery';

async function strangerCalls(server: Server, name: string): Promise<void> {
  const wire = await Wire.tcp(server.ports.mqtt, server.host);
  await wire.connect({ clientId: name, username: name, password: 'wrong' });
  await wire.drop();
  const login = { username: name, password: 'wrong' };
  await new Rest(server).call('POST', '/api/auth/login', login);
}

/**
 * One of each: a room, a person, a device that reports, is watched, obeys and is refused, and a stranger. `name` is in the
 * names of all of them.
 */
export async function beBusy(server: Server, rest: Rest, name: string): Promise<void> {
  const { id: room } = await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name });
  const person = { username: `${name}-person`, password: PASSWORD, role: 'USER', room_ids: [room] };
  await rest.expect(201, 'POST', '/api/users', person);
  const { wire: device } = await enrolled(server, rest, name);
  await rest.expect(200, 'POST', `/api/devices/${name}/pair`, { room_id: room });
  const watcher = await Wire.tcp(server.ports.mqtt, server.host);
  await watcher.connect({ clientId: name, username: person.username, password: PASSWORD, clean: false });
  await watcher.subscribe(`devices/${name}/sensor`);
  device.onMessage = ({ topic, payload }) => {
    if (!topic.endsWith('/command/request')) return;
    const { reply_topic, value } = JSON.parse(payload) as { reply_topic: string; value: unknown };
    const answer = value === 'ON' ? { status: 'success' } : { status: 'error', message: name };
    device.publish(reply_topic, answer).catch(() => {});
  };
  await device.subscribe(`devices/${name}/command/request`);
  for (let i = 0; i < 5; i++) await device.publish(`devices/${name}/sensor`, reading(i));
  await device.publish(`devices/${name}/sensor`, '{');
  await device.publish(`devices/${name}/heartbeat`, {
    capability_type: 'status',
    control_type: 'heartbeat',
    value: 'online',
  });
  const { widget_id: widget } = await rest.widget(name, 'power');
  for (const value of ['ON', 'OFF'])
    await rest.expect(200, 'POST', `/api/widgets/${widget}/command`, { value });
  const order = { widget_orders: [{ widget_id: widget, order: 1, status: 'include' }] };
  await rest.expect(200, 'POST', `/api/rooms/${room}/widgets/order`, order);
  const theirs = await new Rest(server).logIn({ username: person.username, password: PASSWORD });
  for (const path of [`/api/rooms/${room}/widgets`, `/api/devices/${name}`, `/api/${name}`, '/api/users']) {
    await theirs.get(path);
  }
  await strangerCalls(server, `${name}-stranger`);
  await watcher.drop();
  await device.drop();
}

export const METRICS_TOKEN = 'the-token-of-prometheus-0123456789';
