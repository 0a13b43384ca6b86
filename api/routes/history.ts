import { z } from '@hono/zod-openapi';
import { formatMicros } from '../../db/domain/time.ts';
import type { Value } from '../../db/domain/types.ts';
import type { HistoryPoint, StoredReading } from '../../db/stores/history.ts';
import { type Api, type AppDeps, resource, userOf, widgetFor } from '../context.ts';
import { csvOf } from '../csv.ts';
import { cutPage, decodeCursor, encodeCursor, nextCursor, pageQuery } from '../paging.ts';
import { errors, json, personRoute } from '../route.ts';
import { decimalOr, idParam, time, value } from '../schemas.ts';
import { micros, moment, rangeOf } from '../time-range.ts';

const tags = ['history'];
const DAY_MICROS = 86_400_000_000;
const MAX_POINTS = 2000;
const DEFAULT_POINTS = 300;

const history = personRoute({
  method: 'get',
  path: '/api/widgets/{id}/history',
  tags,
  request: {
    params: idParam,
    query: z
      .object({
        from: moment,
        to: moment,
        points: decimalOr(DEFAULT_POINTS, 1, MAX_POINTS),
      })
      .strict(),
  },
  responses: {
    200: json(
      z.object({
        points: z.array(
          z.object({
            at: time,
            min: z.number().nullable(),
            max: z.number().nullable(),
            avg: z.number().nullable(),
            last: value,
            count: z.number().int(),
          }),
        ),
        stats: z.object({
          min: z.number().nullable(),
          max: z.number().nullable(),
          avg: z.number().nullable(),
          count: z.number().int(),
        }),
      }),
      'intervals of equal length that have readings; the last 24 hours unless told',
    ),
    ...errors(404, 503),
  },
});

const readings = personRoute({
  method: 'get',
  path: '/api/widgets/{id}/readings',
  tags,
  request: {
    params: idParam,
    query: z
      .object({ ...pageQuery, from: moment, to: moment, order: z.enum(['asc', 'desc']).default('asc') })
      .strict(),
  },
  responses: {
    200: {
      description: 'raw readings by time; with `Accept: text/csv` all of them as CSV',
      content: {
        'application/json': {
          schema: z.object({
            readings: z.array(z.object({ at: time, seq: z.number().int(), value })),
            next_cursor: nextCursor,
          }),
        },
        'text/csv': { schema: z.string() },
      },
    },
    ...errors(404, 503),
  },
});

function statsOf(points: readonly HistoryPoint[]) {
  const counted = points.filter(({ numbers }) => numbers > 0);
  const numbers = counted.reduce((sum, point) => sum + point.numbers, 0);
  // Weighted one by one: a sum of large numbers may be beyond all numbers.
  const avg = counted.reduce((mean, point) => mean + (point.avg ?? 0) * (point.numbers / numbers), 0);
  const lows = counted.flatMap(({ min }) => (min === null ? [] : [min]));
  const highs = counted.flatMap(({ max }) => (max === null ? [] : [max]));
  return {
    min: lows.length === 0 ? null : Math.min(...lows),
    max: highs.length === 0 ? null : Math.max(...highs),
    avg: numbers === 0 ? null : avg,
    count: points.reduce((total, { count }) => total + count, 0),
  };
}

const readingDto = ({ at, seq, value }: StoredReading): { at: string; seq: number; value: Value } => ({
  at: formatMicros(at, true),
  seq,
  value,
});

export function historyRoutes(api: Api, { live, history: store, now }: AppDeps): void {
  api.openapi(history, async (c) => {
    const widget = widgetFor(live, userOf(c), c.req.valid('param').id);
    const { points, ...query } = c.req.valid('query');
    const to = micros(query.to, now() * 1000);
    const found = await store.intervals(widget.id, rangeOf(query, { from: to - DAY_MICROS, to }), points);
    return resource(c, {
      points: found.map(({ numbers: _, at, ...point }) => ({ at: formatMicros(at), ...point })),
      stats: statsOf(found),
    });
  });

  api.openapi(readings, async (c) => {
    const widget = widgetFor(live, userOf(c), c.req.valid('param').id);
    const { limit, cursor, order, ...query } = c.req.valid('query');
    const range = rangeOf(query, { from: 0, to: Number.MAX_SAFE_INTEGER });
    if (c.req.header('Accept')?.includes('text/csv'))
      return csvOf(c, (key, size) => store.readings(widget.id, range, { order, key, limit: size }));
    const [at, seq] = decodeCursor(cursor, 2) ?? [];
    const key = at === undefined || seq === undefined ? null : { at, seq };
    const { page, last } = cutPage(
      await store.readings(widget.id, range, { order, key, limit: limit + 1 }),
      limit,
    );
    return resource(c, {
      readings: page.map(readingDto),
      next_cursor: last === undefined ? null : encodeCursor(last.at, last.seq),
    });
  });
}
