import { z } from '@hono/zod-openapi';
import { DomainError } from '../../db/domain/errors.ts';
import { metered } from '../../db/health/metered.ts';
import { type Api, type AppDeps, adminsDevice, deviceFor, mayUseRoom, resource, userOf } from '../context.ts';
import { deviceDto, deviceWithWidgetsDto } from '../dto.ts';
import { nextCursor, pageOf, pageQuery } from '../paging.ts';
import { adminRoute, body, errors, json, personRoute } from '../route.ts';
import { Device, deviceParam, id, idInQuery, label } from '../schemas.ts';

const tags = ['devices'];

const list = personRoute({
  method: 'get',
  path: '/api/devices',
  tags,
  request: {
    query: z
      .object({
        ...pageQuery,
        room_id: idInQuery.optional(),
        paired: z.enum(['true', 'false']).optional(),
        status: z.enum(['online', 'offline']).optional(),
        q: z.string().max(100).optional().openapi({ description: 'part of the id or the name' }),
      })
      .strict(),
  },
  responses: {
    200: json(
      z.object({ devices: z.array(Device), next_cursor: nextCursor }),
      'devices that the caller may see',
    ),
  },
});

const one = personRoute({
  method: 'get',
  path: '/api/devices/{device_id}',
  tags,
  request: { params: deviceParam },
  responses: { 200: json(Device, 'with its widgets and last error'), ...errors(404) },
});

const rename = adminRoute({
  method: 'put',
  path: '/api/devices/{device_id}',
  tags,
  request: {
    params: deviceParam,
    body: body(z.object({ device_name: label }).strict()),
  },
  responses: { 200: json(Device, 'the device'), ...errors(404, 503) },
});

const remove = adminRoute({
  method: 'delete',
  path: '/api/devices/{device_id}',
  tags,
  request: { params: deviceParam },
  responses: { 204: { description: 'removed with its widgets and readings' }, ...errors(404, 503) },
});

const unpair = adminRoute({
  method: 'post',
  path: '/api/devices/{device_id}/unpair',
  tags,
  request: { params: deviceParam },
  responses: { 200: json(Device, 'the device, without a room'), ...errors(404, 503) },
});

const pair = adminRoute({
  method: 'post',
  path: '/api/devices/{device_id}/pair',
  tags,
  request: {
    params: deviceParam,
    body: body(z.object({ room_id: id, device_key: z.string().min(1).max(256).optional() }).strict()),
  },
  responses: { 200: json(Device, 'the device, in the room'), ...errors(404, 409, 503, 504) },
});

export function deviceRoutes(api: Api, deps: AppDeps): void {
  const { live, commands, devices, link, eventLog, flows, freshness } = deps;
  api.openapi(list, async (c) => {
    const user = userOf(c);
    const { room_id, paired, status, q, ...page } = c.req.valid('query');
    const wanted = q?.toLowerCase();
    const visible = [...live.devices()].filter(
      (device) =>
        mayUseRoom(user, device.roomId) &&
        (room_id === undefined || device.roomId === room_id) &&
        (paired === undefined || (device.roomId !== null) === (paired === 'true')) &&
        (status === undefined || device.online === (status === 'online')) &&
        (wanted === undefined ||
          device.deviceId.toLowerCase().includes(wanted) ||
          device.name.toLowerCase().includes(wanted)),
    );
    const found = pageOf(visible, (device) => device.pk, page);
    return metered(flows, 'device_status', async () => {
      await freshness?.refreshDevices(found.page);
      return resource(c, { devices: found.page.map(deviceDto), next_cursor: found.next });
    });
  });

  api.openapi(one, async (c) => {
    const device = deviceFor(live, userOf(c), c.req.valid('param').device_id);
    await freshness?.refreshDevices([device]);
    await freshness?.refreshWidgets([...device.widgets.values()]);
    return resource(c, deviceWithWidgetsDto(device));
  });

  api.openapi(rename, async (c) => {
    const { admin, device } = adminsDevice(c, live, c.req.valid('param').device_id);
    const { device_name } = c.req.valid('json');
    const renamed = live.putDevice(await devices.rename(device.pk, device_name));
    eventLog.record({
      kind: 'device_renamed',
      actor: admin.username,
      deviceId: device.deviceId,
      detail: { name: device_name },
    });
    return resource(c, deviceWithWidgetsDto(renamed));
  });

  api.openapi(remove, async (c) => {
    const { admin, device } = adminsDevice(c, live, c.req.valid('param').device_id);
    await devices.remove(device.pk);
    live.removeDevice(device.pk);
    commands.forgetDevice(device.pk);
    await link.forgetDevice(device.deviceId);
    eventLog.record({ kind: 'device_deleted', actor: admin.username, deviceId: device.deviceId });
    return c.body(null, 204);
  });

  api.openapi(unpair, async (c) => {
    const { admin, device } = adminsDevice(c, live, c.req.valid('param').device_id);
    const roomId = device.roomId;
    const unpaired = live.putDevice(await devices.setRoom(device.pk, null));
    eventLog.record({
      kind: 'device_unpaired',
      actor: admin.username,
      deviceId: device.deviceId,
      ...(roomId !== null && { roomId }),
    });
    return resource(c, deviceWithWidgetsDto(unpaired));
  });

  api.openapi(pair, async (c) => {
    const { admin, device } = adminsDevice(c, live, c.req.valid('param').device_id);
    const { room_id, device_key } = c.req.valid('json');
    if (live.room(room_id) === undefined) throw new DomainError('NOT_FOUND', 'no such room');
    if (device_key !== undefined) {
      const answer = await link.pair(device, device_key);
      if (answer.outcome !== 'accepted') {
        eventLog.record({
          kind: 'pair_rejected',
          actor: admin.username,
          deviceId: device.deviceId,
          detail: { outcome: answer.outcome },
        });
      }
      if (answer.outcome === 'offline')
        throw new DomainError('DEVICE_OFFLINE', 'the device is not connected');
      if (answer.outcome === 'rejected')
        throw new DomainError('PAIR_REJECTED', `the device refused: ${answer.message}`);
      if (answer.outcome === 'timeout')
        throw new DomainError('PAIR_TIMEOUT', 'the device did not answer in time');
    }
    const paired = live.putDevice(await devices.setRoom(device.pk, room_id));
    eventLog.record({
      kind: 'device_paired',
      actor: admin.username,
      deviceId: device.deviceId,
      roomId: room_id,
    });
    return resource(c, deviceWithWidgetsDto(paired));
  });
}
