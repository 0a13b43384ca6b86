import { z } from '@hono/zod-openapi';
import { type Api, type AppDeps, actorOf, resource, userOf } from '../context.ts';
import { userDto } from '../dto.ts';
import { addressOf } from '../guard.ts';
import { adminRoute, body, callerRoute, errors, json, openRoute } from '../route.ts';
import { password, text, time, User, username } from '../schemas.ts';

const tags = ['authentication'];
const Answer = z.object({ user: User });

const logIn = openRoute({
  method: 'post',
  path: '/api/auth/login',
  tags,
  request: {
    body: body(z.object({ username: z.string().max(64), password: z.string().max(1024) }).strict()),
  },
  responses: {
    200: json(
      z.object({ token: z.string(), expires_at: time, user: User }),
      'a token, and who it stands for',
    ),
    ...errors(401, 429),
  },
});

const register = adminRoute({
  method: 'post',
  path: '/api/auth/register',
  tags,
  request: {
    body: body(z.object({ username, password, name: text(100).optional() }).strict()),
  },
  responses: { 201: json(Answer, 'a new user, who sees no room yet'), ...errors(409, 429, 503) },
});

const me = callerRoute({
  method: 'get',
  path: '/api/auth/me',
  tags,
  responses: { 200: json(Answer, 'the caller') },
});

const changePassword = callerRoute({
  method: 'put',
  path: '/api/auth/password',
  tags,
  request: {
    body: body(z.object({ current_password: z.string().max(1024), new_password: password }).strict()),
  },
  responses: {
    204: { description: 'changed; the other tokens of the caller have ended' },
    ...errors(429, 503),
  },
});

const logOut = callerRoute({
  method: 'post',
  path: '/api/auth/logout',
  tags,
  responses: { 204: { description: 'the token has ended, and MQTT sessions with it' }, ...errors(503) },
});

export function authRoutes(api: Api, { accounts, clients, eventLog, link }: AppDeps): void {
  api.openapi(logIn, async (c) => {
    const { token, expiresAt, user } = await accounts.logIn({
      ...c.req.valid('json'),
      address: addressOf(c, clients),
    });
    return c.json({ token, expires_at: expiresAt.toISOString(), user: userDto(user) }, 200);
  });

  api.openapi(register, async (c) => {
    const admin = userOf(c);
    const { name, ...login } = c.req.valid('json');
    const acl = { publish: [], subscribe: [] };
    const user = await accounts.create({ ...login, name: name ?? null, role: 'USER', acl, roomIds: [] });
    eventLog.record({
      kind: 'user_created',
      actor: actorOf(admin).username,
      detail: { username: user.username },
    });
    return c.json({ user: userDto(user) }, 201);
  });

  api.openapi(logOut, async (c) => {
    const caller = c.get('caller');
    await accounts.logOut(caller);
    await link.endTokenSessions(caller.token.id);
    return c.body(null, 204);
  });

  api.openapi(me, (c) => resource(c, { user: userDto(c.get('caller').user) }));

  api.openapi(changePassword, async (c) => {
    const caller = c.get('caller');
    const { current_password, new_password } = c.req.valid('json');
    await accounts.changePassword(caller, {
      current: current_password,
      next: new_password,
      address: addressOf(c, clients),
    });
    await link.endUserSessions(caller.user.id);
    return c.body(null, 204);
  });
}
