import { z } from '@hono/zod-openapi';
import { formatMicros } from '../../db/domain/time.ts';
import type { Micros } from '../../db/domain/types.ts';
import { type Api, type AppDeps, resource } from '../context.ts';
import { adminRoute, body, errors, json } from '../route.ts';
import { time } from '../schemas.ts';
import { EVER, rangeOf, rangeQuery } from '../time-range.ts';

const tags = ['operation'];
const count = z.number().int();

const status = adminRoute({
  method: 'get',
  path: '/api/history',
  tags,
  responses: {
    200: json(
      z
        .object({
          raw_from: time.nullable().openapi({ description: 'raw readings of before have been dropped' }),
          minutes_from: time
            .nullable()
            .openapi({ description: 'summaries of minutes of before have been dropped' }),
          summed_up_before: time,
          late_hours: count.openapi({ description: 'hours of widgets to be summed up anew' }),
          packed_days: count,
          plain_days: count,
          bytes: z.object({
            readings: count,
            chunks: count,
            minute_rollups: count,
            hour_rollups: count,
          }),
        })
        .openapi('HistoryStatus'),
      'how far the keeping of history has come, and the room that it takes',
    ),
    ...errors(503),
  },
});

const rebuild = adminRoute({
  method: 'post',
  path: '/api/history/rebuild',
  tags,
  request: { body: body(z.object(rangeQuery).strict()) },
  responses: {
    202: json(
      z.object({ hours: count.openapi({ description: 'hours of widgets that were marked' }) }),
      'summaries are made anew from raw readings, where those are complete; all of them unless told',
    ),
    ...errors(503),
  },
});

const timeOrNull = (at: Micros | null) => (at === null ? null : formatMicros(at));

export function historyUpkeepRoutes(api: Api, { historyUpkeep }: AppDeps): void {
  api.openapi(status, async (c) => {
    const found = await historyUpkeep.status();
    return resource(c, {
      raw_from: timeOrNull(found.rawFrom),
      minutes_from: timeOrNull(found.minutesFrom),
      summed_up_before: formatMicros(found.summedUpBefore),
      late_hours: found.lateHours,
      packed_days: found.packedDays,
      plain_days: found.plainDays,
      bytes: found.bytes,
    });
  });

  api.openapi(rebuild, async (c) => {
    const hours = await historyUpkeep.rebuild(rangeOf(c.req.valid('json'), EVER));
    return c.json({ hours }, 202);
  });
}
