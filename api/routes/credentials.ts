import { z } from '@hono/zod-openapi';
import { DomainError } from '../../db/domain/errors.ts';
import { type Api, type AppDeps, adminsDevice, resource } from '../context.ts';
import { deviceWithWidgetsDto } from '../dto.ts';
import { adminRoute, errors, json } from '../route.ts';
import { Device, deviceParam, time } from '../schemas.ts';

const tags = ['devices'];

const revoke = adminRoute({
  method: 'post',
  path: '/api/devices/{device_id}/revoke',
  tags,
  request: { params: deviceParam },
  responses: {
    200: json(Device, 'the device, which may no longer connect'),
    ...errors(404, 503),
  },
});

const secret = adminRoute({
  method: 'post',
  path: '/api/devices/{device_id}/secret',
  tags,
  request: { params: deviceParam },
  responses: {
    200: json(
      z.object({ device_id: z.string(), device_secret: z.string() }),
      'a new secret, told once; the old one has ended',
    ),
    ...errors(404, 503),
  },
});

const REENROLL_MS = 24 * 3_600_000;
const reenroll = adminRoute({
  method: 'post',
  path: '/api/devices/{device_id}/reenroll',
  tags,
  request: { params: deviceParam },
  responses: {
    200: json(
      z.object({ device_id: z.string(), until: time }),
      'the device may enrol once more, with any enrolment token; for one that has lost its secret',
    ),
    ...errors(404, 409, 503),
  },
});
const withdrawReenroll = adminRoute({
  method: 'delete',
  path: '/api/devices/{device_id}/reenroll',
  tags,
  request: { params: deviceParam },
  responses: { 204: { description: 'it may not enrol again' }, ...errors(404, 503) },
});

/** What a device logs in with, given and taken away. */
export function credentialRoutes(api: Api, { live, devices, link, eventLog, now }: AppDeps): void {
  api.openapi(revoke, async (c) => {
    const { admin, device } = adminsDevice(c, live, c.req.valid('param').device_id);
    const revoked = live.putDevice(await devices.revoke(device.pk));
    await link.endDeviceSessions(device.deviceId);
    eventLog.record({ kind: 'device_revoked', actor: admin.username, deviceId: device.deviceId });
    return resource(c, deviceWithWidgetsDto(revoked));
  });

  api.openapi(secret, async (c) => {
    const { admin, device } = adminsDevice(c, live, c.req.valid('param').device_id);
    const renewed = await devices.renewSecret(device.pk);
    live.putDevice(renewed.device);
    await link.endDeviceSessions(device.deviceId);
    eventLog.record({ kind: 'device_secret_renewed', actor: admin.username, deviceId: device.deviceId });
    return c.json({ device_id: device.deviceId, device_secret: renewed.secret }, 200);
  });

  api.openapi(reenroll, async (c) => {
    const { admin, device } = adminsDevice(c, live, c.req.valid('param').device_id);
    if (device.revoked) {
      throw new DomainError('CONFLICT', 'the device is revoked: a new secret lets it in again');
    }
    const until = new Date(now() + REENROLL_MS);
    live.putDevice(await devices.allowReenroll(device.pk, until));
    eventLog.record({ kind: 'device_reenroll_allowed', actor: admin.username, deviceId: device.deviceId });
    return c.json({ device_id: device.deviceId, until: until.toISOString() }, 200);
  });

  api.openapi(withdrawReenroll, async (c) => {
    const { admin, device } = adminsDevice(c, live, c.req.valid('param').device_id);
    live.putDevice(await devices.allowReenroll(device.pk, null));
    eventLog.record({ kind: 'device_reenroll_withdrawn', actor: admin.username, deviceId: device.deviceId });
    return c.body(null, 204);
  });
}
