import type { TestContext } from 'node:test';
import { connected, enrolled, reading } from '../helpers/devices.ts';
import { type CommandBody, Rest } from '../helpers/rest.ts';
import type { Server } from '../helpers/server.ts';
import { startServer } from '../helpers/setup.ts';
import { Wire } from '../helpers/wire.ts';
import type { MqttIdentity, RestIdentity } from './table.ts';

const PASSWORD = 'correct horse battery';

/** A server with everybody of the tables: two devices in two rooms, four people, and a command on its way to `lamp`. */
export async function startWorld(t: TestContext) {
  const { server, rest: admin } = await startServer(t);
  let last = 0;
  const unique = () => `unique-${++last}`;
  const makeRoom = (name = unique()) => admin.expect<{ id: number }>(201, 'POST', '/api/rooms', { name });
  const room = await makeRoom('Granted');
  const otherRoom = await makeRoom('Other');
  const secrets = new Map<string, string>();
  for (const [id, { id: room_id }] of [
    ['lamp', room],
    ['boiler', otherRoom],
  ] as const) {
    const { wire, secret } = await enrolled(server, admin, id);
    await wire.publish(`devices/${id}/sensor`, reading(1));
    await wire.disconnect();
    secrets.set(id, secret);
    await admin.expect(200, 'POST', `/api/devices/${id}/pair`, { room_id });
  }
  const user = async (username: string, more: object) => {
    await admin.expect(201, 'POST', '/api/users', { username, password: PASSWORD, ...more });
    return username;
  };
  const acl = { publish: ['home/#'], subscribe: ['home/#'] };
  await user('eva', { role: 'USER', room_ids: [room.id] });
  await user('ben', { role: 'USER' });
  await user('zigbee', { role: 'INTEGRATION', acl });
  const names = { 'user with grant': 'eva', 'user without': 'ben', integration: 'zigbee' } as const;
  const logIn = async (who: RestIdentity & MqttIdentity) =>
    who === 'admin'
      ? new Rest(server).logIn()
      : new Rest(server).logIn({ username: names[who], password: PASSWORD });
  const { widget_id: widget } = await admin.widget('lamp', 'power');
  const { command } = await admin.expect<{ command: CommandBody }>(
    202,
    'POST',
    `/api/widgets/${widget}/command?wait=0`,
    { value: 'ON' },
  );
  const token = await admin.enroll({ max_uses: 1000 });
  return { server, admin, room, widget, command, secrets, token, unique, makeRoom, logIn };
}

export type World = Awaited<ReturnType<typeof startWorld>>;

/** Makes connections of each identity; people come with a token, whose check costs no stretching. */
export function connector(t: TestContext, { server, secrets, token, unique, logIn }: World) {
  const tokens = new Map<string, Promise<string>>();
  const tokenOf = (who: Parameters<World['logIn']>[0]) => {
    const made = tokens.get(who) ?? logIn(who).then((rest) => rest.token);
    tokens.set(who, made);
    return made;
  };
  const names = { 'user with grant': 'eva', 'user without': 'ben', integration: 'zigbee', admin: 'admin' };

  return async (who: MqttIdentity): Promise<{ wire: Wire; id: string }> => {
    const id = who === 'device' ? 'lamp' : who === 'other device' ? 'boiler' : unique();
    if (who === 'device' || who === 'other device') {
      const wire = await connected(server, id, secrets.get(id) ?? '');
      t.after(() => wire.drop());
      return { wire, id };
    }
    const wire = await Wire.tcp(server.ports.mqtt);
    t.after(() => wire.drop());
    const login =
      who === 'enrolling device'
        ? { username: id, password: token }
        : { username: names[who], password: await tokenOf(who) };
    const { returnCode } = await wire.connect({ clientId: id, ...login });
    if (returnCode !== 0) throw new Error(`${who} was refused with ${returnCode}`);
    return { wire, id };
  };
}

export async function connack(server: Server, id: string, password: string | undefined): Promise<number> {
  const wire = await Wire.tcp(server.ports.mqtt);
  const hello = { clientId: id, username: id, ...(password !== undefined && { password }) };
  const { returnCode } = await wire.connect(hello);
  await wire.drop();
  return returnCode ?? -1;
}
