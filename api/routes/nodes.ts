import { z } from '@hono/zod-openapi';
import { type Api, type AppDeps, userOf } from '../context.ts';
import { adminRoute, json } from '../route.ts';

const drain = adminRoute({
  method: 'post',
  path: '/api/nodes/self/drain',
  tags: ['operation'],
  responses: {
    202: json(
      z.object({ node: z.string(), draining: z.literal(true) }),
      'the node that answers takes no more connections in some seconds, sends its clients elsewhere, and ends',
    ),
  },
});

export function nodeRoutes(api: Api, { nodes, drain: begin, log }: AppDeps): void {
  api.openapi(drain, (c) => {
    const node = nodes()[0]?.name ?? '';
    log.warn({ actor: userOf(c).username, node }, 'an administrator drains this node');
    begin();
    return c.json({ node, draining: true as const }, 202);
  });
}
