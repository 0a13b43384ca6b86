import { z } from '@hono/zod-openapi';
import { formatMicros } from '../../db/domain/time.ts';
import { isTimeZone } from '../../db/domain/time-zone.ts';
import type { Value } from '../../db/domain/types.ts';
import type { StoredReading } from '../../db/history/query/index.ts';
import type { LiveWidget } from '../../db/live-state/types.ts';
import { type Api, type AppDeps, deviceFor, resource, roomFor, userOf, widgetFor } from '../context.ts';
import { csvOf } from '../csv.ts';
import { ownTimeZone } from '../local-time.ts';
import { cutPage, decodeCursor, encodeCursor, nextCursor, pageQuery } from '../paging.ts';
import { errors, json, personRoute } from '../route.ts';
import { deviceParam, idParam, time, value } from '../schemas.ts';
import { EVER, rangeOf, rangeQuery } from '../time-range.ts';

const tags = ['history'];

const timeZone = z
  .string()
  .max(64)
  .refine(isTimeZone, 'the IANA name of a time zone, such as Asia/Bangkok')
  .optional()
  .openapi({
    description: 'of the column local_time; that of the server unless told',
    example: 'Asia/Bangkok',
  });
const csv = { 'text/csv': { schema: z.string() } };
const csvQuery = z.object({ ...rangeQuery, time_zone: timeZone }).strict();

const ofWidget = personRoute({
  method: 'get',
  path: '/api/widgets/{id}/readings',
  tags,
  request: {
    params: idParam,
    query: z
      .object({
        ...pageQuery,
        ...rangeQuery,
        order: z.enum(['asc', 'desc']).default('asc'),
        time_zone: timeZone,
      })
      .strict(),
  },
  responses: {
    200: {
      description: 'raw readings by time; with `Accept: text/csv` all of them as CSV',
      content: {
        ...json(
          z.object({
            readings: z.array(z.object({ at: time, seq: z.number().int(), value })),
            next_cursor: nextCursor,
          }),
          '',
        ).content,
        ...csv,
      },
    },
    ...errors(404, 503),
  },
});

const ofDevice = personRoute({
  method: 'get',
  path: '/api/devices/{device_id}/readings',
  tags,
  request: { params: deviceParam, query: csvQuery },
  responses: {
    200: { description: 'the raw readings of all its widgets as CSV, widget by widget', content: csv },
    ...errors(404, 503),
  },
});

const ofRoom = personRoute({
  method: 'get',
  path: '/api/rooms/{id}/readings',
  tags,
  request: { params: idParam, query: csvQuery },
  responses: {
    200: { description: 'the raw readings of all widgets in it as CSV, widget by widget', content: csv },
    ...errors(404, 503),
  },
});

const readingDto = ({ at, seq, value }: StoredReading): { at: string; seq: number; value: Value } => ({
  at: formatMicros(at, true),
  seq,
  value,
});

interface CsvQuery {
  from?: string | undefined;
  to?: string | undefined;
  time_zone?: string | undefined;
}

export function readingRoutes(api: Api, { live, history: store }: AppDeps): void {
  const exportOf = (name: string, widgets: readonly LiveWidget[], query: CsvQuery) => ({
    name,
    widgets,
    range: rangeOf(query, EVER),
    timeZone: query.time_zone ?? ownTimeZone(),
    stream: store.stream,
  });

  api.openapi(ofWidget, async (c) => {
    const widget = widgetFor(live, userOf(c), c.req.valid('param').id);
    const { limit, cursor, order, ...query } = c.req.valid('query');
    if (c.req.header('Accept')?.includes('text/csv')) {
      return csvOf(c, exportOf(`${widget.device.name} ${widget.name}`, [widget], query));
    }
    const [at, seq] = decodeCursor(cursor, 2) ?? [];
    const key = at === undefined || seq === undefined ? null : { at, seq };
    const range = rangeOf(query, EVER);
    const found = await store.readings(widget.id, range, { order, key, limit: limit + 1 });
    const { page, last } = cutPage(found, limit);
    return resource(c, {
      readings: page.map(readingDto),
      next_cursor: last === undefined ? null : encodeCursor(last.at, last.seq),
    });
  });

  api.openapi(ofDevice, (c) => {
    const device = deviceFor(live, userOf(c), c.req.valid('param').device_id);
    return csvOf(c, exportOf(device.name, [...device.widgets.values()], c.req.valid('query')));
  });

  api.openapi(ofRoom, (c) => {
    const room = roomFor(live, userOf(c), c.req.valid('param').id);
    const widgets = [...room.devices].flatMap((device) => [...device.widgets.values()]);
    return csvOf(c, exportOf(room.name, widgets, c.req.valid('query')));
  });
}
