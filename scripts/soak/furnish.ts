import { enrolled } from '../../test/helpers/devices.ts';
import type { WidgetBody } from '../../test/helpers/rest.ts';
import { CAPABILITIES, SoakDevice } from './device.ts';
import type { House } from './house.ts';

const ROOMS = 4;
/** One in so many devices is in no room; one in so many forgets its session when its connection ends. */
const HOMELESS = 10;
const FORGETFUL = 5;

export interface Furnished {
  devices: SoakDevice[];
  /** With devices in them. */
  roomIds: number[];
  /** Nothing ever changes there. */
  quietRoomId: number;
  /** What can be commanded. */
  switches: { widgetId: number; device: SoakDevice }[];
}

/** Enrols the devices, and puts them into rooms. */
export async function furnish(house: House, count: number): Promise<Furnished> {
  const { server, rest } = house;
  const makeRoom = async (name: string) =>
    (await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name })).id;
  const roomIds: number[] = [];
  for (let i = 0; i < ROOMS; i++) roomIds.push(await makeRoom(`Room ${i}`));
  const furnished: Furnished = { devices: [], roomIds, quietRoomId: await makeRoom('Attic'), switches: [] };
  const pair = (id: string, room_id: number | undefined) =>
    rest.expect(200, 'POST', `/api/devices/${id}/pair`, { room_id });
  await enrolled(server, rest, 'still').then(({ wire }) => wire.disconnect());
  await pair('still', furnished.quietRoomId);
  for (let i = 0; i < count; i++) {
    const id = `soak-${i}`;
    const { wire, secret } = await enrolled(server, rest, id, CAPABILITIES);
    await wire.disconnect();
    if (i % HOMELESS !== HOMELESS - 1) await pair(id, roomIds[i % ROOMS]);
    const clean = i % FORGETFUL === FORGETFUL - 1;
    const device = new SoakDevice({ id, secret, tls: i % 2 === 0, clean, house });
    furnished.devices.push(device);
    const { widget_id: widgetId }: WidgetBody = await rest.widget(id, 'power');
    furnished.switches.push({ widgetId, device });
  }
  return furnished;
}
