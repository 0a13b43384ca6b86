import type { Rest, WidgetBody } from '../helpers/rest.ts';
import type { Server } from '../helpers/server.ts';
import { HouseDevice, type HouseDeviceOptions } from './house-device.ts';

type Plan = Omit<HouseDeviceOptions, 'url'> & { room: string | null };

const toggle = { capability_type: 'power', control_type: 'toggle' };
const sensor = (capability_type: string, unit: string) => ({ capability_type, control_type: 'sensor', unit });

/** A house as one would live in: each kind of card, one device that refuses, one that is away, one that is new. */
const HOUSE: Plan[] = [
  {
    room: 'Living room',
    id: 'LAMP-7F21',
    name: 'Ceiling light',
    type: 'smart_light',
    capabilities: [
      toggle,
      { capability_type: 'brightness', control_type: 'slider', min: 0, max: 100, unit: '%' },
      { capability_type: 'scene', control_type: 'mode', options: ['Day', 'Evening', 'Film'] },
    ],
    values: { power: 'ON', brightness: 64, scene: 'Evening' },
  },
  {
    room: 'Living room',
    id: 'CLIMATE-02',
    name: 'Climate',
    type: 'thermostat',
    capabilities: [
      sensor('temperature', '°C'),
      sensor('humidity', '%'),
      { capability_type: 'setpoint', control_type: 'slider', min: 16, max: 28, unit: '°C' },
      { capability_type: 'climate', control_type: 'mode', options: ['Cool', 'Heat', 'Auto'] },
    ],
    values: { temperature: 22.4, humidity: 48.2, setpoint: 22, climate: 'Auto' },
  },
  {
    room: 'Living room',
    id: 'DISPLAY-9',
    name: 'Door display',
    type: 'display',
    capabilities: [
      { capability_type: 'message', control_type: 'text' },
      { capability_type: 'bell', control_type: 'button' },
    ],
    values: { message: 'Back at six' },
  },
  {
    room: 'Living room',
    id: 'BLINDS-3',
    name: 'Garden door',
    type: 'lock',
    capabilities: [{ capability_type: 'lock', control_type: 'toggle' }],
    values: { lock: 'OFF' },
    refuse: 'the bolt is blocked',
  },
  {
    room: 'Kitchen',
    id: 'FRIDGE-1',
    name: 'Fridge',
    type: 'thermometer',
    capabilities: [sensor('temperature', '°C'), sensor('door', '')],
    values: { temperature: 4.1, door: 'closed' },
  },
  {
    room: 'Kitchen',
    id: 'METER-A',
    name: 'Power meter',
    type: 'meter',
    capabilities: [sensor('load', 'W'), sensor('energy', 'kWh')],
    values: { load: 412, energy: 10_834.7 },
  },
  {
    room: 'Garden',
    id: 'PUMP-5',
    name: 'Pump',
    type: 'pump',
    capabilities: [toggle, sensor('level', '%')],
    values: { power: 'OFF', level: 71 },
  },
  {
    room: null,
    id: 'ESP32-5C0D41',
    name: 'Workshop sensor',
    type: 'esp32',
    capabilities: [sensor('temperature', '°C')],
    values: { temperature: 18.9 },
  },
];

const HOUR_MS = 3_600_000;
const BATCH = 5000;

/** A believable day: cool before dawn, warm in the afternoon, with a little unrest. */
function temperatureAt(at: number, base: number, swing: number): number {
  const hour = (at / HOUR_MS) % 24;
  const season = Math.sin((at / (24 * HOUR_MS)) * 0.21) * swing * 0.4;
  const unrest = Math.sin(at / 1_700_000) * 0.3 + Math.sin(at / 410_000) * 0.15;
  return Math.round((base + season + swing * Math.sin(((hour - 9) / 24) * 2 * Math.PI) + unrest) * 100) / 100;
}

async function importHistory(rest: Rest, days: number): Promise<void> {
  const now = Date.now();
  const readings: object[] = [];
  for (let at = now - days * 24 * HOUR_MS; at < now - 60_000; at += 5 * 60_000) {
    const time = new Date(at).toISOString();
    // A night without power, four days ago: a gap.
    if (at > now - 4.6 * 24 * HOUR_MS && at < now - 4.1 * 24 * HOUR_MS) continue;
    const of = (device_id: string, capability_type: string, unit: string, value: number) =>
      readings.push({ device_id, capability_type, control_type: 'sensor', unit, at: time, value });
    of('CLIMATE-02', 'temperature', '°C', temperatureAt(at, 21.6, 1.9));
    of('CLIMATE-02', 'humidity', '%', 50 - 4 * temperatureAt(at, 0, 1.5));
    of('FRIDGE-1', 'temperature', '°C', 4 + Math.abs(Math.sin(at / 2_400_000)) * 1.4);
    of(
      'METER-A',
      'load',
      'W',
      Math.round(
        260 + 300 * Math.max(0, temperatureAt(at, 0.2, 1)) + 240 * Math.abs(Math.sin(at / 5_100_000)),
      ),
    );
  }
  for (let from = 0; from < readings.length; from += BATCH) {
    await rest.expect(200, 'POST', '/api/import', { readings: readings.slice(from, from + BATCH) });
  }
}

interface Listed {
  rooms: { id: number; name: string }[];
}

/** Rooms, devices and a month of readings, all made through the doors that everybody uses. */
export async function furnish(server: Server, rest: Rest, days = 30): Promise<HouseDevice[]> {
  const url = `mqtt://127.0.0.1:${server.ports.mqtt}`;
  const rooms = new Map<string, number>();
  for (const { room } of HOUSE) {
    if (room === null || rooms.has(room)) continue;
    rooms.set(room, (await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name: room })).id);
  }
  const devices: HouseDevice[] = [];
  for (const { room, ...options } of HOUSE) {
    devices.push(await new HouseDevice({ url, ...options }).start());
    const id = room === null ? undefined : rooms.get(room);
    if (id !== undefined) await rest.expect(200, 'POST', `/api/devices/${options.id}/pair`, { room_id: id });
  }
  await importHistory(rest, days);
  const { rooms: listed } = await rest.expect<Listed>(200, 'GET', '/api/rooms');
  for (const { id } of listed) {
    const { widgets } = await rest.expect<{ widgets: WidgetBody[] }>(
      200,
      'GET',
      `/api/rooms/${id}/widgets?status=all`,
    );
    const place = ({ device }: WidgetBody) => HOUSE.findIndex((plan) => plan.id === device.device_id);
    widgets.sort((a, b) => place(a) - place(b) || a.order - b.order);
    const widget_orders = widgets.map(({ widget_id }, order) => ({ widget_id, order, status: 'include' }));
    await rest.expect(200, 'POST', `/api/rooms/${id}/widgets/order`, { widget_orders });
  }
  return devices;
}
