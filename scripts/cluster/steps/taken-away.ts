import assert from 'node:assert/strict';
import { Rest } from '../../../test/helpers/rest.ts';
import { until } from '../../../test/helpers/wait.ts';
import { Wire } from '../../../test/helpers/wire.ts';
import type { Node } from '../cluster.ts';
import type { Step } from './step.ts';

const EVA = { username: 'eva', password: 'correct horse battery' };

async function connackOf({ server }: Node, clientId: string, username: string, password: string) {
  const wire = await Wire.tcp(server.ports.mqtt, server.host);
  const { returnCode } = await wire.connect({ clientId, username, password });
  return { wire, returnCode };
}

export const revocation: Step = {
  name: 'what is taken away at one node ends at once at all others',
  run: async ({ cluster, enrol, device, within }) => {
    const { rest } = cluster.node(0);
    const secret = await enrol('revoked');
    for (const what of ['secret', 'revoke'] as const) {
      const on = what === 'secret' ? 1 : 2;
      const current = what === 'secret' ? secret : await newSecret(rest, 'revoked');
      const wire = await device(on, 'revoked', current);
      const { status } = await rest.call('POST', `/api/devices/revoked/${what}`);
      assert.ok(status < 300, `${what}: ${status}`);
      await within(`${what}: the session at ${cluster.node(on).name} ended`, 1000, wire.closed);
      for (const node of cluster.nodes) {
        const { wire: refused, returnCode } = await connackOf(node, 'revoked', 'revoked', current);
        assert.ok(returnCode === 4 || returnCode === 5, `${node.name} answers ${returnCode}`);
        await refused.closed;
      }
    }
  },
};

async function newSecret(rest: Rest, id: string): Promise<string> {
  const { device_secret } = await rest.expect<{ device_secret: string }>(
    200,
    'POST',
    `/api/devices/${id}/secret`,
  );
  return device_secret;
}

export const loggedOut: Step = {
  name: 'a token that was logged out, and one of who was removed, is refused everywhere, and its sessions end',
  run: async ({ cluster, within }) => {
    const [first, second, third] = [cluster.node(0), cluster.node(1), cluster.node(2)];
    const { user } = await first.rest.expect<{ user: { id: number } }>(
      201,
      'POST',
      '/api/auth/register',
      EVA,
    );
    const phone = await new Rest(second.server).logIn(EVA);
    const laptop = await new Rest(third.server).logIn(EVA);
    const at = (node: Node, token: string) => {
      const rest = new Rest(node.server);
      rest.token = token;
      return rest;
    };
    for (const node of cluster.nodes) await at(node, phone.token).expect(200, 'GET', '/api/auth/me');
    const { wire, returnCode } = await connackOf(third, 'phone', EVA.username, phone.token);
    assert.equal(returnCode, 0);
    await phone.expect(204, 'POST', '/api/auth/logout');
    await within('the session that the token opened ended', 1000, wire.closed);
    for (const node of cluster.nodes) {
      await at(node, phone.token).expect(401, 'GET', '/api/auth/me');
      await at(node, laptop.token).expect(200, 'GET', '/api/auth/me');
    }
    const { wire: other } = await connackOf(second, 'laptop', EVA.username, laptop.token);
    await first.rest.expect(204, 'DELETE', `/api/users/${user.id}`);
    await within('the session of who was removed ended', 1000, other.closed);
    for (const node of cluster.nodes) await at(node, laptop.token).expect(401, 'GET', '/api/auth/me');
  },
};

export const grants: Step = {
  name: 'a grant that is taken away at one node ends what is delivered at another',
  run: async ({ cluster, enrol, device, within }) => {
    const [first, second, third] = [cluster.node(0), cluster.node(1), cluster.node(2)];
    const secret = await enrol('granted');
    const room = await first.rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name: 'Granted' });
    await second.rest.expect(200, 'POST', '/api/devices/granted/pair', { room_id: room.id });
    const ida = { username: 'ida', password: 'another horse battery' };
    const grant = { ...ida, role: 'USER', room_ids: [room.id] };
    const { user } = await first.rest.expect<{ user: { id: number } }>(201, 'POST', '/api/users', grant);
    const app = await new Rest(third.server).logIn(ida);
    await app.expect(200, 'GET', `/api/rooms/${room.id}/widgets`);
    const { wire } = await connackOf(third, 'tablet', ida.username, app.token);
    await wire.subscribe('devices/#');
    const lamp = await device(1, 'granted', secret);
    await lamp.publish('devices/granted/sensor', {
      capability_type: 'temperature',
      control_type: 'sensor',
      value: 1,
    });
    await wire.messageOn('devices/granted/sensor');
    await first.rest.expect(200, 'PUT', `/api/users/${user.id}`, { room_ids: [] });
    const gone = until('the room is gone for them', async () => {
      const { status } = await app.get(`/api/rooms/${room.id}/widgets`);
      return status === 404;
    });
    await within('the room was taken away', 1000, gone);
    const before = wire.messages.length;
    await lamp.publish('devices/granted/sensor', {
      capability_type: 'temperature',
      control_type: 'sensor',
      value: 2,
    });
    if (!wire.ended) await wire.ping().catch(() => {});
    assert.equal(wire.messages.length, before, 'nothing more was delivered');
    await Promise.all([wire.drop(), lamp.disconnect()]);
  },
};
