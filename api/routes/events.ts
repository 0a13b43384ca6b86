import { z } from '@hono/zod-openapi';
import { EVENT_KINDS, type EventKind } from '../../db/domain/ports.ts';
import { formatMicros } from '../../db/domain/time.ts';
import type { EventFilter, StoredEvent } from '../../db/stores/events.ts';
import { type Api, type AppDeps, resource } from '../context.ts';
import { cutPage, decodeCursor, encodeCursor, nextCursor, pageQuery } from '../paging.ts';
import { adminRoute, errors, json } from '../route.ts';
import { idInQuery, text, time } from '../schemas.ts';
import { moment, rangeOf } from '../time-range.ts';

/** Names that were tried are kept cut to fewer. */
const MAX_ACTOR = 256;

const Event = z
  .object({
    id: z.number().int(),
    at: time,
    kind: z.enum(EVENT_KINDS),
    actor: z.string(),
    device_id: z.string().nullable(),
    room_id: z.number().int().nullable(),
    detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  })
  .openapi('Event');

const isKind = (name: string): name is EventKind => EVENT_KINDS.some((kind) => kind === name);

const kinds = z
  .string()
  .refine((names) => names.split(',').every(isKind), {
    error: `kinds of events, separated by commas, of: ${EVENT_KINDS.join(', ')}`,
  })
  .transform((names) => [...new Set(names.split(',').filter(isKind))])
  .optional()
  .openapi({
    type: 'array',
    items: { type: 'string', enum: [...EVENT_KINDS] },
    param: { style: 'form', explode: false },
    description: 'any of these kinds, separated by commas',
  });

const list = adminRoute({
  method: 'get',
  path: '/api/events',
  tags: ['events'],
  request: {
    query: z
      .object({
        ...pageQuery,
        device_id: text(64).optional(),
        room_id: idInQuery.optional(),
        user: text(MAX_ACTOR)
          .optional()
          .openapi({ description: 'the actor, exactly: a user name, a device id' }),
        kind: kinds,
        from: moment,
        to: moment,
      })
      .strict(),
  },
  responses: {
    200: json(
      z.object({ events: z.array(Event), next_cursor: nextCursor }),
      'who did what and when, newest first; both `from` and `to` are included',
    ),
    ...errors(503),
  },
});

const eventDto = ({ id, at, kind, actor, deviceId, roomId, detail }: StoredEvent) => ({
  id,
  at: formatMicros(at, true),
  kind,
  actor,
  device_id: deviceId,
  room_id: roomId,
  detail,
});

export function eventRoutes(api: Api, { events }: AppDeps): void {
  api.openapi(list, async (c) => {
    const { limit, cursor, device_id, room_id, user, kind, ...query } = c.req.valid('query');
    const filter: EventFilter = {
      deviceId: device_id,
      roomId: room_id,
      actor: user,
      kinds: kind,
      ...rangeOf(query, { from: undefined, to: undefined }),
    };
    const [at, id] = decodeCursor(cursor, 2) ?? [];
    const before = at === undefined || id === undefined ? null : { at, id };
    const { page, last } = cutPage(await events.list(filter, { limit: limit + 1, before }), limit);
    return resource(c, {
      events: page.map(eventDto),
      next_cursor: last === undefined ? null : encodeCursor(last.at, last.id),
    });
  });
}
