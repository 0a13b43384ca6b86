import { setTimeout as sleep } from 'node:timers/promises';
import { enrolled, reading } from '../../test/helpers/devices.ts';
import { Rest } from '../../test/helpers/rest.ts';
import { ADMIN } from '../../test/helpers/server.ts';
import { Wire } from '../../test/helpers/wire.ts';
import { type House, often } from './house.ts';

const DEVICE_MS = 5000;
const ACCOUNT_MS = 60_000;
const OBSERVER_MS = 10_000;
const LONGEST_LOOK_MS = 20_000;
const READINGS = 5;
const PASSWORD = 'another-long-test-password';

/** A device that is enrolled, put into a room of its own, used, and removed again with that room while it is connected. */
function visitingDevice({ server, rest, tally }: House) {
  let count = 0;
  return async () => {
    const id = `visitor-${count++}`;
    const { wire } = await enrolled(server, rest, id);
    const room = await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name: id });
    await rest.expect(200, 'POST', `/api/devices/${id}/pair`, { room_id: room.id });
    await rest.expect(200, 'PUT', `/api/rooms/${room.id}`, { name: `${id}, renamed` });
    await wire.subscribe(`devices/${id}/command/request`);
    for (let i = 0; i < READINGS; i++) await wire.publish(`devices/${id}/sensor`, reading(i));
    const { widget_id } = await rest.widget(id, 'power');
    // It never answers: the command goes with the device.
    await rest.expect(202, 'POST', `/api/widgets/${widget_id}/command?wait=0`, { value: 'ON' });
    await rest.expect(200, 'GET', `/api/rooms/${room.id}/widgets`);
    await rest.expect(204, 'DELETE', `/api/rooms/${room.id}`);
    await rest.expect(204, 'DELETE', `/api/devices/${id}`);
    await wire.closed;
    tally.count('devices enrolled and removed');
  };
}

/** An account that is opened, used over REST and MQTT, and closed while it is connected. */
function visitingPerson({ server, rest, tally }: House) {
  let count = 0;
  return async () => {
    const login = { username: `guest-${count++}`, password: PASSWORD };
    const { user } = await rest.expect<{ user: { id: number } }>(201, 'POST', '/api/users', {
      ...login,
      role: 'USER',
      room_ids: [],
    });
    const guest = await new Rest(server).logIn(login);
    await guest.expect(200, 'GET', '/api/rooms');
    const wire = await Wire.tls(server.ports.mqtts, server.ca);
    await wire.connect({
      clientId: 'guest',
      username: login.username,
      password: guest.token,
      clean: false,
    });
    await wire.subscribe('devices/+/sensor');
    await rest.expect(204, 'DELETE', `/api/users/${user.id}`);
    await wire.closed;
    tally.count('accounts opened and closed');
  };
}

/** A person's MQTT client with a session that stays while it is away: what it is not there for is queued, and some dropped. */
function observer({ server, rest, random, signal, tally }: House, deviceIds: readonly string[]) {
  return async () => {
    const wire = await Wire.tls(server.ports.mqtts, server.ca);
    let seen = 0;
    wire.onMessage = () => {
      wire.messages.length = 0;
      seen++;
    };
    const { returnCode, sessionPresent } = await wire.connect({
      clientId: 'observer',
      username: ADMIN.username,
      password: rest.token,
      clean: false,
    });
    if (returnCode !== 0) throw new Error(`CONNACK ${returnCode}`);
    if (!sessionPresent) await wire.subscribe(...deviceIds.map((id) => `devices/${id}/sensor`));
    // One more that comes and goes with each visit.
    await wire.subscribe(`devices/${random.pick(deviceIds)}/heartbeat`);
    await Promise.race([
      sleep(LONGEST_LOOK_MS * random.next(), undefined, { signal }).catch(() => {}),
      wire.closed,
    ]);
    if (wire.ended) throw new Error('the server closed the connection');
    tally.count('messages seen by the observer', seen);
    tally.count('visits of the observer');
    await (random.next() < 0.5 ? wire.disconnect() : wire.drop());
  };
}

/** What comes and goes beside the house. Ends with the load. */
export function receiveVisitors(house: House, observed: readonly string[]): Promise<unknown> {
  return Promise.all([
    often(house, 'a device that comes and goes', DEVICE_MS, visitingDevice(house)),
    often(house, 'an account that comes and goes', ACCOUNT_MS, visitingPerson(house)),
    often(house, 'the observer', OBSERVER_MS, observer(house, observed)),
  ]);
}
