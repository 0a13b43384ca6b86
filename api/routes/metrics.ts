import { z } from '@hono/zod-openapi';
import { DomainError } from '../../db/domain/errors.ts';
import { hashSecret, matchesSecret } from '../../db/domain/secrets.ts';
import type { Api, AppDeps, Ctx } from '../context.ts';
import { bearerToken } from '../guard.ts';
import { askFirst, errors, openRoute } from '../route.ts';

const prometheus = openRoute({
  method: 'get',
  path: '/api/metrics',
  tags: ['operation'],
  security: [{ bearer: ['ADMIN'] }, {}],
  responses: {
    200: {
      description:
        'Prometheus text, with the token of an admin or METRICS_TOKEN; without one to this machine alone, and not through a proxy',
      content: { 'text/plain': { schema: z.string() } },
    },
    ...errors(401, 403),
  },
});

type Reader = Pick<AppDeps, 'accounts' | 'clients'> & { tokenHash: string | null };

async function checkReader(c: Ctx, { accounts, clients, tokenHash }: Reader): Promise<void> {
  const token = bearerToken(c);
  if (token !== null && matchesSecret(token, tokenHash)) return;
  const caller = token === null ? null : await accounts.callerOf(token);
  if (caller !== null) {
    if (caller.user.role !== 'ADMIN') throw new DomainError('FORBIDDEN', 'metrics are for admins');
    return;
  }
  const incoming = c.env?.incoming;
  const isLocal = incoming !== undefined && clients.isLocal(incoming);
  if (token !== null || !isLocal) {
    throw new DomainError(
      'UNAUTHORIZED',
      'metrics are for admins, for METRICS_TOKEN, or for this machine without a proxy',
    );
  }
}

export function metricsRoutes(api: Api, deps: AppDeps): void {
  const { accounts, clients, metrics, metricsToken } = deps;
  const tokenHash = metricsToken === null ? null : hashSecret(metricsToken);
  const forReaders = askFirst(prometheus, (c) => checkReader(c, { accounts, clients, tokenHash }));
  api.openapi(forReaders, async (c) => {
    return c.text(await metrics.metrics(), 200, { 'Content-Type': metrics.contentType });
  });
}
