import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { connected, enrolled, reading, register, registration } from '../helpers/devices.ts';
import { type CommandBody, Rest, type WidgetBody } from '../helpers/rest.ts';
import { ADMIN, type Server } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';
import { Wire } from '../helpers/wire.ts';

/** Readings are of one moment, and a fixture gets old. */
export const FOR_EVER = {
  RETENTION_RAW: 'forever',
  RETENTION_MINUTE: 'forever',
  RETENTION_HOUR: 'forever',
  RETENTION_EVENTS: 'forever',
};

const RESIDENT = { username: 'resident', password: 'a resident of long ago' };
const DEVICES = ['lamp', 'heater', 'ESP32-12345678'];
const READINGS = 40;

/** All that an older version was told and said, to be asked again of a newer one. */
export interface Household {
  token: string;
  caFingerprint: string;
  /** Not used yet. */
  enrollment: string;
  secrets: Record<string, string>;
  rooms: { id: number; name: string; devices_count: number }[];
  widgets: Record<string, Omit<WidgetBody, 'pending'>[]>;
  readings: Record<string, { at: string; seq: number; value: unknown }[]>;
  commands: Pick<CommandBody, 'id' | 'status' | 'value' | 'result_value'>[];
}

const MODES = ['cool', 'heat', 'auto'];

const lasting = (widgets: WidgetBody[]) =>
  widgets.map(({ widget_id, name, order, status, value, value_at, capability, device }) => ({
    ...{ widget_id, name, order, status, value, value_at, capability },
    device: { device_id: device.device_id, status: 'offline' },
  }));

const widgetsOf = async (rest: Rest, room: number) =>
  (await rest.expect<{ widgets: WidgetBody[] }>(200, 'GET', `/api/rooms/${room}/widgets?status=all`)).widgets;

/** Furnishes a server of any version by what all of them understand. */
export async function furnish(server: Server): Promise<Household> {
  const rest = await new Rest(server).logIn();
  const rooms: number[] = [];
  for (const name of ['Living room', 'ห้องนอน', 'Cellar']) {
    rooms.push((await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name })).id);
  }
  const [living = 0, bedroom = 0] = rooms;
  await rest.expect(201, 'POST', '/api/users', { ...RESIDENT, role: 'USER', room_ids: [living] });
  const secrets: Record<string, string> = {};
  const commands: Household['commands'] = [];
  for (const [index, id] of DEVICES.entries()) {
    const { wire, secret } = await enrolled(server, rest, id);
    secrets[id] = secret;
    await rest.expect(200, 'POST', `/api/devices/${id}/pair`, { room_id: index === 0 ? living : bedroom });
    for (let i = 0; i < READINGS; i++) {
      // Of yesterday, the day before and now: several partitions of a later version.
      const at = Date.now() - (i % 4) * 20 * 3_600_000 - i * 1000;
      const timestamp = new Date(at).toISOString();
      await wire.publish(`devices/${id}/sensor`, reading(index * 100 + i + 0.25, { timestamp, seq: i }));
    }
    const other = { timestamp: new Date().toISOString() };
    const readings = [
      { capability_type: 'power', control_type: 'toggle', value: 'ON', ...other },
      { capability_type: 'brightness', control_type: 'slider', value: 42, ...other },
      { capability_type: 'mode', control_type: 'mode', value: MODES[index], ...other },
    ];
    await wire.publish(`devices/${id}/sensor`, { readings });
    for (const result of [
      { status: 'success', value: 'OFF' },
      { status: 'error', message: 'stuck' },
    ]) {
      commands.push(await commandAnswered(rest, wire, id, result));
    }
    await wire.disconnect();
  }
  const widgets: Household['widgets'] = {};
  const readings: Household['readings'] = {};
  for (const room of rooms) widgets[room] = lasting(await widgetsOf(rest, room));
  for (const { widget_id: id } of Object.values(widgets).flat()) readings[id] = await rest.readings(id);
  const { fingerprint256 } = new X509Certificate(server.ca);
  return {
    ...{ token: rest.token, caFingerprint: fingerprint256, secrets, widgets, readings, commands },
    enrollment: await rest.enroll({ max_uses: 100, room_id: living }),
    rooms: (await rest.expect<{ rooms: Household['rooms'] }>(200, 'GET', '/api/rooms')).rooms,
  };
}

async function commandAnswered(rest: Rest, wire: Wire, id: string, result: object) {
  await wire.subscribe(`devices/${id}/command/request`);
  const { widget_id: widget } = await rest.widget(id, 'power');
  const before = wire.messages.length;
  const asked = rest.call<{ command: CommandBody }>('POST', `/api/widgets/${widget}/command`, {
    value: 'OFF',
  });
  const { payload } = await wire.message(
    (message) => message.topic.endsWith('/command/request') && wire.messages.indexOf(message) >= before,
  );
  const { correlation_id: correlation } = JSON.parse(payload) as { correlation_id: string };
  await wire.publish(`devices/${correlation}/command/response`, result);
  const { command } = (await asked).body;
  return lastingCommand(command);
}

const lastingCommand = ({ id, status, value, result_value }: CommandBody) => ({
  id,
  status,
  value,
  result_value,
});

/** Everything is there, and goes on: people, devices, certificates. Leaves a reading and a device more. */
export async function assertLivesOn(
  server: Server,
  household: Household,
  token = household.token,
): Promise<void> {
  assert.equal(new X509Certificate(server.ca).fingerprint256, household.caFingerprint);
  const rest = await new Rest(server).logIn(ADMIN);
  const other = new Rest(server);
  other.token = token;
  await other.expect(200, 'GET', '/api/auth/me');
  await other.logIn(RESIDENT);
  const own = await other.expect<{ rooms: Household['rooms'] }>(200, 'GET', '/api/rooms');
  assert.deepEqual(
    own.rooms.map(({ name }) => name),
    ['Living room'],
  );

  assert.deepEqual(
    (await rest.expect<{ rooms: Household['rooms'] }>(200, 'GET', '/api/rooms')).rooms.map(
      ({ id, name }) => ({ id, name }),
    ),
    household.rooms.map(({ id, name }) => ({ id, name })),
  );
  for (const [room, widgets] of Object.entries(household.widgets)) {
    const now = lasting(await widgetsOf(rest, Number(room)));
    for (const then of widgets) {
      const found = now.find(({ widget_id: id }) => id === then.widget_id);
      // What came since then is newer.
      const { value, value_at: at } =
        (found?.value_at ?? '') > (then.value_at ?? '') ? (found ?? then) : then;
      assert.deepEqual(found, { ...then, value, value_at: at });
    }
  }
  for (const [widget, readings] of Object.entries(household.readings)) {
    const now = await rest.readings(Number(widget));
    assert.deepEqual(now.slice(0, readings.length), readings, `readings of widget ${widget}`);
  }
  for (const command of household.commands) {
    const { command: now } = await rest.expect<{ command: CommandBody }>(
      200,
      'GET',
      `/api/commands/${command.id}`,
    );
    assert.deepEqual(lastingCommand(now), command);
  }

  for (const [id, secret] of Object.entries(household.secrets)) {
    // With what it trusts since its first day.
    const wire = await Wire.tls(server.ports.mqtts, server.ca);
    const { returnCode } = await wire.connect({ clientId: id, username: id, password: secret });
    assert.equal(returnCode, 0, id);
    const value = Math.random();
    await wire.publish(`devices/${id}/sensor`, reading(value));
    await until(`${id} is heard`, async () => (await rest.widget(id, 'temperature')).value === value);
    await wire.disconnect();
    const [, wrong] = await Promise.allSettled([null, connected(server, id, `${secret}x`)]);
    assert.equal(wrong.status, 'rejected');
  }
  const newcomer = `new-${Date.now()}`;
  const wire = await Wire.tcp(server.ports.mqtt);
  const { returnCode } = await wire.connect({
    clientId: newcomer,
    username: newcomer,
    password: household.enrollment,
  });
  assert.equal(returnCode, 0);
  assert.equal((await register(wire, newcomer, registration(newcomer))).status, 'registered');
  await wire.disconnect();
}
