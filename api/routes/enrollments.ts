import { z } from '@hono/zod-openapi';
import { parseDuration } from '../../db/domain/duration.ts';
import { DomainError } from '../../db/domain/errors.ts';
import type { Enrollment } from '../../db/stores/enrollments.ts';
import { type Api, type AppDeps, resource, userOf } from '../context.ts';
import { enrolmentLine } from '../enrolment-line.ts';
import { cutPage, decodeCursor, encodeCursor, nextCursor, pageQuery } from '../paging.ts';
import { adminRoute, body, errors, json } from '../route.ts';
import { id, idOrNull, idParam, time, whole } from '../schemas.ts';

const tags = ['enrolment'];
const DEFAULT_EXPIRY = '24h';
const MAX_USES = 1_000_000;
const MIN_EXPIRY_MS = 1000;
const MAX_EXPIRY_MS = 365 * 86_400_000;

const expiry = z
  .string()
  .refine((text) => {
    const ms = parseDuration(text);
    return ms !== null && ms >= MIN_EXPIRY_MS && ms <= MAX_EXPIRY_MS;
  }, 'a duration from 1s to 365d, such as 24h')
  .default(DEFAULT_EXPIRY);

const Enrolment = z
  .object({
    id,
    max_uses: z.number().int().nullable().openapi({ description: 'null: no limit' }),
    uses: z.number().int(),
    expires_at: time,
    room_id: idOrNull,
    created_by: z.string(),
    created_at: time,
  })
  .openapi('Enrolment');

const create = adminRoute({
  method: 'post',
  path: '/api/enrollments',
  tags,
  request: {
    body: body(
      z
        .object({
          max_uses: whole(1, MAX_USES)
            .default(1)
            .openapi({ default: 1, description: 'devices that may enrol with it' }),
          expires_in: expiry,
          room_id: id.optional(),
        })
        .strict(),
    ),
  },
  responses: {
    201: json(
      z.object({
        id,
        token: z.string(),
        expires_at: time,
        line: z.string().openapi({
          description:
            'all that a device needs, one line of JSON for a QR code: urls, ca_sha256 (ca_next_sha256 too while the CA is being changed), token',
        }),
      }),
      'the token is shown once',
    ),
    ...errors(409, 503),
  },
});

const list = adminRoute({
  method: 'get',
  path: '/api/enrollments',
  tags,
  request: { query: z.object(pageQuery).strict() },
  responses: {
    200: json(z.object({ enrollments: z.array(Enrolment), next_cursor: nextCursor }), 'without their tokens'),
    ...errors(503),
  },
});

const remove = adminRoute({
  method: 'delete',
  path: '/api/enrollments/{id}',
  tags,
  request: { params: idParam },
  responses: { 204: { description: 'its token opens nothing any more' }, ...errors(404, 503) },
});

const dto = (enrolment: Enrollment): z.output<typeof Enrolment> => ({
  id: enrolment.id,
  max_uses: enrolment.maxUses,
  uses: enrolment.uses,
  expires_at: enrolment.expiresAt.toISOString(),
  room_id: enrolment.roomId,
  created_by: enrolment.createdBy,
  created_at: enrolment.createdAt.toISOString(),
});

export function enrollmentRoutes(
  api: Api,
  { enrollments, enrollmentMode, eventLog, now, reach }: AppDeps,
): void {
  api.openapi(create, async (c) => {
    const admin = userOf(c);
    const { max_uses, expires_in, room_id } = c.req.valid('json');
    if (enrollmentMode === 'closed') {
      throw new DomainError(
        'ENROLLMENT_CLOSED',
        'DEVICE_ENROLLMENT is closed, so that no token lets a device in: set it to token and start again',
      );
    }
    const { enrollment, token } = await enrollments.create({
      maxUses: max_uses,
      expiresAt: new Date(now() + (parseDuration(expires_in) ?? 0)),
      roomId: room_id ?? null,
      createdBy: admin.username,
    });
    eventLog.record({
      kind: 'enrollment_created',
      actor: admin.username,
      detail: { enrollment_id: enrollment.id },
    });
    const line = enrolmentLine(reach(), token);
    return c.json({ id: enrollment.id, token, expires_at: enrollment.expiresAt.toISOString(), line }, 201);
  });

  api.openapi(list, async (c) => {
    const { limit, cursor } = c.req.valid('query');
    const [after = 0] = decodeCursor(cursor, 1) ?? [];
    const { page, last } = cutPage(await enrollments.list(after, limit + 1), limit);
    return resource(c, {
      enrollments: page.map(dto),
      next_cursor: last === undefined ? null : encodeCursor(last.id),
    });
  });

  api.openapi(remove, async (c) => {
    const admin = userOf(c);
    const { id } = c.req.valid('param');
    await enrollments.remove(id);
    eventLog.record({ kind: 'enrollment_deleted', actor: admin.username, detail: { enrollment_id: id } });
    return c.body(null, 204);
  });
}
