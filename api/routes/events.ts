import { z } from '@hono/zod-openapi';
import { type Api, type AppDeps, resource } from '../context.ts';
import { cutPage, decodeCursor, encodeCursor, nextCursor, pageQuery } from '../paging.ts';
import { adminRoute, errors, json } from '../route.ts';
import { time } from '../schemas.ts';

const Event = z
  .object({
    id: z.number().int(),
    at: time,
    kind: z.string(),
    actor: z.string(),
    device_id: z.string().nullable(),
    room_id: z.number().int().nullable(),
    detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  })
  .openapi('Event');

const list = adminRoute({
  method: 'get',
  path: '/api/events',
  tags: ['events'],
  request: { query: z.object({ ...pageQuery, device_id: z.string().max(64).optional() }).strict() },
  responses: {
    200: json(
      z.object({ events: z.array(Event), next_cursor: nextCursor }),
      'who did what and when, newest first',
    ),
    ...errors(503),
  },
});

export function eventRoutes(api: Api, { events }: AppDeps): void {
  api.openapi(list, async (c) => {
    const { limit, cursor, device_id } = c.req.valid('query');
    const [beforeId] = decodeCursor(cursor, 1) ?? [];
    const found = await events.list({ deviceId: device_id, beforeId, limit: limit + 1 });
    const { page, last } = cutPage(found, limit);
    return resource(c, {
      events: page.map(({ id, at, kind, actor, deviceId, roomId, detail }) => ({
        id,
        at: at.toISOString(),
        kind,
        actor,
        device_id: deviceId,
        room_id: roomId,
        detail,
      })),
      next_cursor: last === undefined ? null : encodeCursor(last.id),
    });
  });
}
