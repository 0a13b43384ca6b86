import { z } from '@hono/zod-openapi';
import type { Freshness } from '../../db/cluster/shared-values.ts';
import { metered } from '../../db/health/metered.ts';
import {
  type Api,
  type AppDeps,
  actorOf,
  mayUseRoom,
  polled,
  resource,
  userOf,
  widgetFor,
} from '../context.ts';
import { commandDto, widgetDto } from '../dto.ts';
import { nextCursor, pageOf, pageQuery } from '../paging.ts';
import { adminRoute, body, errors, findFirst, json, personRoute } from '../route.ts';
import {
  Command,
  decimal,
  decimalOr,
  idInQuery,
  idParam,
  label,
  status,
  value,
  Widget,
  whole,
} from '../schemas.ts';

const tags = ['widgets'];
const MAX_WAIT_MS = 60_000;
const DEFAULT_WAIT_MS = 5000;
const CommandAnswer = z.object({ command: Command });

const list = personRoute({
  method: 'get',
  path: '/api/widgets',
  tags,
  request: {
    query: z.object({ ...pageQuery, room_id: idInQuery.optional(), status: status.optional() }).strict(),
  },
  responses: {
    200: json(
      z.object({ widgets: z.array(Widget), next_cursor: nextCursor }),
      'widgets that the caller may see',
    ),
  },
});

const one = personRoute({
  method: 'get',
  path: '/api/widgets/{id}',
  tags,
  request: { params: idParam },
  responses: { 200: json(Widget, 'the widget, paired or not'), ...errors(404) },
});

const change = adminRoute({
  method: 'patch',
  path: '/api/widgets/{id}',
  tags,
  request: {
    params: idParam,
    body: body(
      z
        .object({
          status: status.optional(),
          order: whole(-1_000_000, 1_000_000).optional(),
          name: label.optional(),
        })
        .strict()
        .refine((fields) => Object.keys(fields).length > 0, 'give status, order or name'),
    ),
  },
  responses: { 200: json(Widget, 'the widget'), ...errors(404, 503) },
});

const command = personRoute({
  method: 'post',
  path: '/api/widgets/{id}/command',
  tags: ['commands'],
  request: {
    params: idParam,
    query: z
      .object({
        wait: decimalOr(DEFAULT_WAIT_MS, 0, MAX_WAIT_MS).openapi({
          description: 'milliseconds to wait for the end',
        }),
      })
      .strict(),
    body: body(z.object({ value }).strict()),
  },
  responses: {
    200: json(CommandAnswer, 'it has ended: executed, rejected, timed_out or expired'),
    202: json(CommandAnswer, 'still queued (the device is away) or sent'),
    ...errors(404, 409, 503),
  },
});

const find = personRoute({
  method: 'get',
  path: '/api/commands/{id}',
  tags: ['commands'],
  request: {
    params: z.object({ id: decimal(1, Number.MAX_SAFE_INTEGER) }).strict(),
  },
  responses: { 200: json(CommandAnswer, 'the command'), ...errors(404, 503) },
});

export function widgetRoutes(api: Api, deps: AppDeps): void {
  const { live, widgets, commands, eventLog, flows } = deps;

  api.openapi(list, (c) => {
    const user = userOf(c);
    const { room_id, status, ...page } = c.req.valid('query');
    const find = () => {
      const visible = [...live.devices()]
        .filter(({ roomId }) => mayUseRoom(user, roomId) && (room_id === undefined || roomId === room_id))
        .flatMap((device) => [...device.widgets.values()])
        .filter((widget) => status === undefined || widget.status === status)
        .sort((a, b) => a.id - b.id);
      return pageOf(visible, (widget) => widget.id, page);
    };
    const build = () => {
      const found = find();
      return { widgets: found.page.map(widgetDto), next_cursor: found.next };
    };
    return polled(c, deps, build, { refresh: (freshness) => freshness.refreshWidgets(find().page) });
  });

  api.openapi(one, (c) => {
    const user = userOf(c);
    const { id } = c.req.valid('param');
    const find = () => widgetFor(live, user, id);
    const refresh = (freshness: Freshness) => freshness.refreshWidgets([find()]);
    return polled(c, deps, () => widgetDto(find()), { refresh });
  });

  api.openapi(change, async (c) => {
    const user = userOf(c);
    const widget = widgetFor(live, user, c.req.valid('param').id);
    const { status, order, name } = c.req.valid('json');
    const place = {
      ...(status !== undefined && { status }),
      ...(order !== undefined && { order }),
      ...(name !== undefined && { name }),
    };
    await metered(flows, 'widget_visibility', () => widgets.update(widget.id, place));
    live.setWidgetPlace(widget.id, place);
    eventLog.record({
      kind: 'widget_updated',
      actor: user.username,
      deviceId: widget.device.deviceId,
      detail: { widget_id: widget.id, ...place },
    });
    return c.json(widgetDto(widget), 200);
  });

  api.openapi(
    findFirst(command, (c, id) => widgetFor(live, userOf(c), id)),
    async (c) => {
      const user = userOf(c);
      const widget = widgetFor(live, user, c.req.valid('param').id);
      const { value } = c.req.valid('json');
      const { traceId } = c.get('trace');
      const requested = await commands.request(widget, value, actorOf(user), traceId);
      const settled = await commands.settled(requested, c.req.valid('query').wait);
      const open = settled.status === 'queued' || settled.status === 'sent';
      return open
        ? c.json({ command: commandDto(settled) }, 202)
        : c.json({ command: commandDto(settled) }, 200);
    },
  );

  api.openapi(find, async (c) => {
    const user = userOf(c);
    const found = await commands.find(c.req.valid('param').id);
    // Its widget tells whether the caller may know of it.
    widgetFor(live, user, found?.widgetId ?? -1);
    if (found === null) throw new Error('a command without a row');
    return resource(c, { command: commandDto(found) });
  });
}
