import { z } from '@hono/zod-openapi';
import { metered } from '../../db/health/metered.ts';
import type { LiveRoom, LiveWidget } from '../../db/live-state/types.ts';
import { type Api, type AppDeps, mayUseRoom, polled, resource, roomFor, userOf } from '../context.ts';
import { roomDto, widgetDto } from '../dto.ts';
import { nextCursor, pageOf, pageQuery } from '../paging.ts';
import { Representation } from '../representation.ts';
import { adminRoute, body, errors, findFirst, json, personRoute } from '../route.ts';
import { id, idParam, label, Room, status, Widget, whole } from '../schemas.ts';

const tags = ['rooms'];
const Widgets = z.object({ widgets: z.array(Widget) });
/** Widgets of one request to order them. */
const MAX_ORDERED = 1000;

const list = personRoute({
  method: 'get',
  path: '/api/rooms',
  tags,
  request: { query: z.object(pageQuery).strict() },
  responses: {
    200: json(
      z.object({ rooms: z.array(Room), next_cursor: nextCursor }),
      'the rooms that the caller may see',
    ),
  },
});

const create = adminRoute({
  method: 'post',
  path: '/api/rooms',
  tags,
  request: { body: body(z.object({ name: label }).strict()) },
  responses: { 201: json(Room, 'the new room'), ...errors(409, 503) },
});

const rename = adminRoute({
  method: 'put',
  path: '/api/rooms/{id}',
  tags,
  request: { params: idParam, body: body(z.object({ name: label }).strict()) },
  responses: { 200: json(Room, 'the room'), ...errors(404, 409, 503) },
});

const remove = adminRoute({
  method: 'delete',
  path: '/api/rooms/{id}',
  tags,
  request: { params: idParam },
  responses: {
    204: { description: 'removed; its devices are unpaired and keep their history' },
    ...errors(404, 503),
  },
});

const widgets = personRoute({
  method: 'get',
  path: '/api/rooms/{id}/widgets',
  tags: ['widgets'],
  request: { params: idParam, query: z.object({ status: z.literal('all').optional() }).strict() },
  responses: {
    200: json(Widgets, 'included widgets by order; every one with status=all'),
    ...errors(404),
  },
});

const order = personRoute({
  method: 'post',
  path: '/api/rooms/{id}/widgets/order',
  tags: ['widgets'],
  request: {
    params: idParam,
    body: body(
      z
        .object({
          widget_orders: z
            .array(z.object({ widget_id: id, order: whole(-1_000_000, 1_000_000), status }).strict())
            .max(MAX_ORDERED),
        })
        .strict(),
    ),
  },
  responses: { 200: json(Widgets, 'the widgets of the room'), ...errors(404, 503) },
});

type Shown = 'include' | 'all';

/** What is polled most is kept as finished bytes until something in the room changes. */
export function createWidgetCache() {
  const kept = new WeakMap<LiveRoom, { version: number } & Partial<Record<Shown, Representation>>>();
  const build = (room: LiveRoom, shown: Shown) => {
    const all: LiveWidget[] = [...room.devices].flatMap((device) => [...device.widgets.values()]);
    const wanted = shown === 'all' ? all : all.filter((widget) => widget.status === 'include');
    wanted.sort((a, b) => a.order - b.order || a.id - b.id);
    return Representation.ofJson({ widgets: wanted.map(widgetDto) });
  };
  return (room: LiveRoom, shown: Shown): Representation => {
    let entry = kept.get(room);
    if (entry === undefined || entry.version !== room.version) {
      entry = { version: room.version };
      kept.set(room, entry);
    }
    const representation = entry[shown] ?? build(room, shown);
    entry[shown] = representation;
    return representation;
  };
}

export function roomRoutes(api: Api, deps: AppDeps): void {
  const { live, rooms, widgets: store, accounts, eventLog, flows, link } = deps;
  const widgetsOf = createWidgetCache();
  api.openapi(list, (c) => {
    const user = userOf(c);
    const query = c.req.valid('query');
    return polled(c, deps, () => {
      const visible = [...live.rooms()].filter((room) => mayUseRoom(user, room.id));
      const { page, next } = pageOf(visible, (room) => room.id, query);
      return { rooms: page.map(roomDto), next_cursor: next };
    });
  });

  api.openapi(create, async (c) => {
    const admin = userOf(c);
    const { name } = c.req.valid('json');
    const room = live.putRoom(await metered(flows, 'room_management', () => rooms.create(name)));
    eventLog.record({ kind: 'room_created', actor: admin.username, roomId: room.id, detail: { name } });
    return c.json(roomDto(room), 201);
  });

  api.openapi(rename, async (c) => {
    const admin = userOf(c);
    const { id } = c.req.valid('param');
    const { name } = c.req.valid('json');
    const room = live.putRoom(await metered(flows, 'room_management', () => rooms.rename(id, name)));
    eventLog.record({ kind: 'room_renamed', actor: admin.username, roomId: id, detail: { name } });
    return c.json(roomDto(room), 200);
  });

  api.openapi(remove, async (c) => {
    const admin = userOf(c);
    const { id } = c.req.valid('param');
    const name = live.room(id)?.name ?? null;
    await metered(flows, 'room_management', () => rooms.remove(id));
    live.removeRoom(id);
    const granted = accounts.all().filter((user) => user.roomIds.has(id));
    await accounts.load();
    for (const user of granted) await link.endUserSessions(user.id);
    eventLog.record({ kind: 'room_deleted', actor: admin.username, roomId: id, detail: { name } });
    return c.body(null, 204);
  });

  api.openapi(widgets, (c) => {
    const user = userOf(c);
    const { id } = c.req.valid('param');
    const { status = 'include' } = c.req.valid('query');
    const build = () => widgetsOf(roomFor(live, user, id), status);
    return polled<z.output<typeof Widgets>>(c, deps, build, { flow: 'widget_updates', roomId: id });
  });

  api.openapi(
    findFirst(order, (c, id) => roomFor(live, userOf(c), id)),
    async (c) => {
      const user = userOf(c);
      const room = roomFor(live, user, c.req.valid('param').id);
      const places = c.req
        .valid('json')
        .widget_orders.map(({ widget_id, ...place }) => ({ widgetId: widget_id, ...place }));
      await metered(flows, 'widget_visibility', () => store.order(room.id, places));
      for (const { widgetId, ...place } of places) live.setWidgetPlace(widgetId, place);
      eventLog.record({
        kind: 'widgets_ordered',
        actor: user.username,
        roomId: room.id,
        detail: { widgets: places.length },
      });
      return resource<z.output<typeof Widgets>>(c, widgetsOf(room, 'all'));
    },
  );
}
