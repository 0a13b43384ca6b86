import type { Rest, WidgetBody } from '../helpers/rest.ts';
import type { Server } from '../helpers/server.ts';
import { HouseDevice } from '../screenshots/house-device.ts';

const DEVICES = 20;
const SENSORS = ['temperature', 'humidity', 'load', 'level', 'pressure'];
const CONTROLS = [
  { capability_type: 'power', control_type: 'toggle' },
  { capability_type: 'brightness', control_type: 'slider', min: 0, max: 100, unit: '%' },
  { capability_type: 'scene', control_type: 'mode', options: ['Day', 'Evening', 'Film'] },
  { capability_type: 'message', control_type: 'text' },
  { capability_type: 'bell', control_type: 'button' },
];

export interface Building {
  roomId: number;
  widgets: number;
  /** Gives half of the widgets another value; resolves when these are stored. Gives the last one's text. */
  change(): Promise<string>;
  stop(): Promise<void>;
}

/** One room with 200 widgets of 20 devices, of which the 100 sensors change. */
export async function openBuilding(server: Server, rest: Rest): Promise<Building> {
  const room = await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name: 'Hall' });
  const devices: HouseDevice[] = [];
  for (let i = 0; i < DEVICES; i++) {
    const id = `UNIT-${i}`;
    const device = new HouseDevice({
      url: `mqtt://127.0.0.1:${server.ports.mqtt}`,
      ...{ id, name: `Unit ${i}`, type: 'unit' },
      capabilities: [
        ...SENSORS.map((capability_type) => ({ capability_type, control_type: 'sensor', unit: '°C' })),
        ...CONTROLS,
      ],
      values: { power: 'ON', brightness: 40, scene: 'Day', message: 'Hello' },
    });
    devices.push(await device.start());
    await rest.expect(200, 'POST', `/api/devices/${id}/pair`, { room_id: room.id });
  }
  const path = `/api/rooms/${room.id}/widgets`;
  const { widgets } = await rest.expect<{ widgets: WidgetBody[] }>(200, 'GET', `${path}?status=all`);
  const widget_orders = widgets.map(({ widget_id }, order) => ({ widget_id, order, status: 'include' }));
  await rest.expect(200, 'POST', `${path}/order`, { widget_orders });

  let round = 0;
  return {
    roomId: room.id,
    widgets: widgets.length,
    change: async () => {
      round += 1;
      const told = devices.flatMap((device, d) =>
        SENSORS.map((sensor, s) => device.tell(sensor, round * 100 + d + s / 10)),
      );
      await Promise.all(told);
      return String(round * 100 + DEVICES - 1);
    },
    stop: async () => {
      for (const device of devices) await device.stop();
    },
  };
}
