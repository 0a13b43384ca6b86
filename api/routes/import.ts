import { z } from '@hono/zod-openapi';
import { CONTROL_TYPES } from '../../db/domain/types.ts';
import { type Api, type AppDeps, userOf } from '../context.ts';
import { adminUploadRoute, body, errors, json } from '../route.ts';

const MAX_READINGS = 5000;
const MAX_BODY_BYTES = 2 * 1024 * 1024;
/** Requests whose bodies are in memory; each waits for the database. */
const AT_ONCE = 4;
/** Refused readings that are told one by one. */
const MAX_TOLD = 100;

/** What is wrong with one reading must not refuse the others: the schema lets each through. */
const reading = z.custom<unknown>().openapi({
  type: 'object',
  required: ['device_id', 'capability_type', 'at', 'value'],
  properties: {
    device_id: { type: 'string', maxLength: 64 },
    capability_type: { type: 'string', minLength: 1, maxLength: 100 },
    control_type: {
      type: 'string',
      enum: CONTROL_TYPES.filter((type) => type !== 'heartbeat'),
      default: 'sensor',
    },
    unit: { type: 'string', maxLength: 32, description: 'of a capability that the device does not have yet' },
    at: { type: 'string', format: 'date-time', example: '2026-01-15T10:30:00.000Z' },
    seq: { type: 'integer', minimum: 0, default: 0 },
    value: { anyOf: [{ type: 'string', maxLength: 4096 }, { type: 'number' }, { type: 'boolean' }] },
  },
});

const importReadings = () =>
  adminUploadRoute(
    {
      method: 'post',
      path: '/api/import',
      tags: ['history'],
      request: {
        body: body(
          z
            .object({
              create: z
                .boolean()
                .default(false)
                .openapi({ default: false, description: 'makes devices that do not exist' }),
              readings: z.array(reading).min(1).max(MAX_READINGS),
            })
            .strict(),
        ),
      },
      responses: {
        200: json(
          z.object({
            stored: z.number().int(),
            known: z.number().int().openapi({ description: 'stored before, with the same value' }),
            refused_total: z.number().int(),
            refused: z
              .array(z.object({ index: z.number().int(), code: z.string(), message: z.string() }))
              .openapi({ description: `the first ${MAX_TOLD} of those that were not stored` }),
          }),
          'readings of any age, each stored by itself; sent again, they are known',
        ),
        ...errors(503),
      },
    },
    { maxBodyBytes: MAX_BODY_BYTES, atOnce: AT_ONCE },
  );

export function importRoutes(api: Api, { imports, eventLog }: AppDeps): void {
  api.openapi(importReadings(), async (c) => {
    const actor = userOf(c).username;
    const { readings, create } = c.req.valid('json');
    const onCreated = (deviceId: string) => {
      eventLog.record({ kind: 'device_registered', actor, deviceId, detail: { imported: true } });
    };
    const { stored, known, refused, deviceId } = await imports.run(readings, { create, onCreated });
    eventLog.record({
      kind: 'readings_imported',
      actor,
      ...(deviceId !== null && { deviceId }),
      detail: { stored, known, refused: refused.length },
    });
    return c.json({ stored, known, refused_total: refused.length, refused: refused.slice(0, MAX_TOLD) }, 200);
  });
}
