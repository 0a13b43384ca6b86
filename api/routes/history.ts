import { z } from '@hono/zod-openapi';
import { formatMicros } from '../../db/domain/time.ts';
import type { HistoryNumbers, HistoryPoint } from '../../db/history/query/index.ts';
import { type Api, type AppDeps, resource, userOf, widgetFor } from '../context.ts';
import { errors, json, personRoute } from '../route.ts';
import { decimalOr, idParam, time, value } from '../schemas.ts';
import { micros, rangeOf, rangeQuery } from '../time-range.ts';

const DAY_MICROS = 86_400_000_000;
const MAX_POINTS = 2000;
const DEFAULT_POINTS = 300;

const numbers = {
  min: z.number().nullable(),
  max: z.number().nullable(),
  avg: z.number().nullable(),
  count: z.number().int(),
  states: z.record(z.string(), z.number()).optional().openapi({
    description: 'seconds by state, of texts and booleans; a state lasts until the next reading',
  }),
};

const history = personRoute({
  method: 'get',
  path: '/api/widgets/{id}/history',
  tags: ['history'],
  request: {
    params: idParam,
    query: z.object({ ...rangeQuery, points: decimalOr(DEFAULT_POINTS, 1, MAX_POINTS) }).strict(),
  },
  responses: {
    200: json(
      z.object({
        resolution: z.enum(['raw', 'minute', 'hour']).openapi({
          description: 'the points are made of raw readings, or of summaries of minutes or hours',
        }),
        interval: z.number().openapi({ description: 'length of the intervals, seconds' }),
        points: z.array(z.object({ at: time, ...numbers, last: value })),
        stats: z.object(numbers),
      }),
      'intervals of equal length that have readings; the last 24 hours unless told',
    ),
    ...errors(404, 503),
  },
});

const numbersDto = ({ states, ...rest }: HistoryNumbers) => ({ ...rest, ...(states !== null && { states }) });
const pointDto = ({ at, last, ...rest }: HistoryPoint) => ({
  at: formatMicros(at),
  ...numbersDto(rest),
  last,
});

export function historyRoutes(api: Api, { live, history: store, now }: AppDeps): void {
  api.openapi(history, async (c) => {
    const widget = widgetFor(live, userOf(c), c.req.valid('param').id);
    const { points, ...query } = c.req.valid('query');
    const to = micros(query.to, now() * 1000);
    const range = rangeOf(query, { from: to - DAY_MICROS, to });
    const found = await store.history(widget.id, range, points, now() * 1000);
    return resource(c, {
      resolution: found.tier,
      interval: found.width / 1e6,
      points: found.points.map(pointDto),
      stats: numbersDto(found.stats),
    });
  });
}
