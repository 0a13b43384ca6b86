import { z } from '@hono/zod-openapi';
import { type Api, type AppDeps, resource } from '../context.ts';
import { docsPage, STYLE_HASH } from '../docs-page.ts';
import { Representation } from '../representation.ts';
import { json, openRoute } from '../route.ts';

const about = (version: string) => ({
  openapi: '3.1.0' as const,
  info: {
    title: 'PM IoT',
    version,
    description:
      'Log in with `POST /api/auth/login`, then send `Authorization: Bearer <token>`. ' +
      'Another method than those of a path is answered 405, with `Allow`.',
  },
});

const tags = ['description'];
const content = (type: string, description: string) => ({
  description,
  content: { [type]: { schema: z.string() } },
});

const forPrograms = openRoute({
  method: 'get',
  path: '/api/openapi.json',
  tags,
  responses: { 200: json(z.object({ openapi: z.string() }), 'this document, OpenAPI 3.1') },
});

const forPeople = openRoute({
  method: 'get',
  path: '/api/docs',
  tags,
  responses: { 200: content('text/html', 'this document as a page without scripts') },
});

const authority = openRoute({
  method: 'get',
  path: '/api/ca.crt',
  tags: ['operation'],
  responses: {
    200: content(
      'application/x-pem-file',
      'the CA that devices and apps must trust; two while it is being changed',
    ),
  },
});

/** The contract as it is in the code, for programs and for people. */
export function docsRoutes(api: Api, { version, caBundle }: AppDeps): void {
  api.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
  });
  let description: Representation | null = null;
  let page: Representation | null = null;
  api.openapi(forPrograms, (c) => {
    description ??= Representation.ofJson(api.getOpenAPI31Document(about(version)));
    return resource<{ openapi: string }>(c, description);
  });
  // Public: whoever fetches it checks it against the fingerprint that was handed over another way.
  api.openapi(authority, (c) =>
    new Representation(caBundle(), {
      'Content-Type': 'application/x-pem-file',
      'Content-Disposition': 'attachment; filename="pm-iot-ca.crt"',
    }).answer(c),
  );
  api.openapi(forPeople, (c) => {
    page ??= new Representation(docsPage(api.getOpenAPI31Document(about(version))), {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': `default-src 'none'; style-src '${STYLE_HASH}'; frame-ancestors 'none'`,
    });
    return page.answer(c);
  });
}
