import { z } from '@hono/zod-openapi';
import { DomainError } from '../../db/domain/errors.ts';
import { type Acl, ROLES, type Role } from '../../db/domain/types.ts';
import { type Api, type AppDeps, resource, userOf } from '../context.ts';
import { userDto } from '../dto.ts';
import { nextCursor, pageOf, pageQuery } from '../paging.ts';
import { adminRoute, body, errors, json } from '../route.ts';
import { acl, id, idParam, password, text, User, username } from '../schemas.ts';

const tags = ['users'];
const NO_ACL = { publish: [], subscribe: [] };
const Answer = z.object({ user: User });
const role = z.enum(ROLES);
const name = text(100).nullable();
const room_ids = z.array(id).max(1000);

const list = adminRoute({
  method: 'get',
  path: '/api/users',
  tags,
  request: { query: z.object(pageQuery).strict() },
  responses: {
    200: json(z.object({ users: z.array(User), next_cursor: nextCursor }), 'all users'),
  },
});

const create = adminRoute({
  method: 'post',
  path: '/api/users',
  tags,
  request: {
    body: body(
      z
        .object({
          username,
          password,
          role,
          name: name.optional(),
          room_ids: room_ids.optional(),
          acl: acl.optional(),
          must_change_password: z.boolean().optional().openapi({ description: 'false unless told' }),
        })
        .strict(),
    ),
  },
  responses: { 201: json(Answer, 'the new user'), ...errors(409, 429, 503) },
});

const change = adminRoute({
  method: 'put',
  path: '/api/users/{id}',
  tags,
  request: {
    params: idParam,
    body: body(
      z
        .object({
          name: name.optional(),
          password: password.optional(),
          role: role.optional(),
          room_ids: room_ids.optional(),
          acl: acl.optional(),
          must_change_password: z
            .boolean()
            .optional()
            .openapi({ description: 'with a password, false unless told' }),
        })
        .strict(),
    ),
  },
  responses: {
    200: json(Answer, 'the user; live MQTT sessions have ended'),
    ...errors(404, 409, 429, 503),
  },
});

const remove = adminRoute({
  method: 'delete',
  path: '/api/users/{id}',
  tags,
  request: { params: idParam },
  responses: { 204: { description: 'removed' }, ...errors(404, 409, 503) },
});

/** A list of another role would look like a right and be none; empty ones ask for nothing. */
function checkAcl(acl: Acl | undefined, role: Role | undefined): void {
  if (acl === undefined || role === 'INTEGRATION' || acl.publish.length + acl.subscribe.length === 0) return;
  throw new DomainError(
    'INVALID',
    'acl: only an INTEGRATION has lists of topics; a USER sees the rooms of room_ids, an ADMIN everything',
  );
}

export function userRoutes(api: Api, { accounts, eventLog, link }: AppDeps): void {
  api.openapi(list, (c) => {
    const { page, next } = pageOf(accounts.all(), (user) => user.id, c.req.valid('query'));
    return resource(c, { users: page.map(userDto), next_cursor: next });
  });

  api.openapi(create, async (c) => {
    const admin = userOf(c);
    const {
      room_ids: roomIds = [],
      name = null,
      acl = NO_ACL,
      must_change_password: mustChangePassword = false,
      ...rest
    } = c.req.valid('json');
    checkAcl(acl, rest.role);
    const user = await accounts.create({ ...rest, name, acl, roomIds, mustChangePassword });
    eventLog.record({
      kind: 'user_created',
      actor: admin.username,
      detail: { username: user.username, role: user.role },
    });
    return c.json({ user: userDto(user) }, 201);
  });

  api.openapi(change, async (c) => {
    const admin = userOf(c);
    const { id } = c.req.valid('param');
    const { room_ids, name, password, role, acl, must_change_password } = c.req.valid('json');
    const mustChangePassword = must_change_password ?? (password === undefined ? undefined : false);
    checkAcl(acl, role ?? accounts.find(id)?.role);
    const user = await accounts.update(id, {
      ...(name !== undefined && { name }),
      ...(password !== undefined && { password }),
      ...(mustChangePassword !== undefined && { mustChangePassword }),
      ...(role !== undefined && { role }),
      ...(role !== undefined && role !== 'INTEGRATION' && { acl: NO_ACL }),
      ...(acl !== undefined && { acl }),
      ...(room_ids !== undefined && { roomIds: room_ids }),
    });
    await link.endUserSessions(id);
    eventLog.record({ kind: 'user_updated', actor: admin.username, detail: { username: user.username } });
    return c.json({ user: userDto(user) }, 200);
  });

  api.openapi(remove, async (c) => {
    const admin = userOf(c);
    const { id } = c.req.valid('param');
    const username = accounts.find(id)?.username ?? null;
    await accounts.remove(id);
    await link.forgetUser(id);
    eventLog.record({ kind: 'user_deleted', actor: admin.username, detail: { username } });
    return c.body(null, 204);
  });
}
