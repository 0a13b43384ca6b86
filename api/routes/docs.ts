import type { Api, AppDeps } from '../context.ts';
import { docsPage, STYLE_HASH } from '../docs-page.ts';
import { Representation } from '../representation.ts';

const about = (version: string) => ({
  openapi: '3.1.0' as const,
  info: {
    title: 'PM IoT',
    version,
    description: 'Log in with `POST /api/auth/login`, then send `Authorization: Bearer <token>`.',
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
  api.get('/api/openapi.json', (c) => {
    description ??= Representation.ofJson(api.getOpenAPI31Document(about(version)));
    return description.answer(c);
  });
  // Public: whoever fetches it checks it against the fingerprint that was handed over another way.
  api.get('/api/ca.crt', (c) =>
    new Representation(caBundle(), {
      'Content-Type': 'application/x-pem-file',
      'Content-Disposition': 'attachment; filename="pm-iot-ca.crt"',
    }).answer(c),
  );
  api.get('/api/docs', (c) => {
    page ??= new Representation(docsPage(api.getOpenAPI31Document(about(version))), {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': `default-src 'none'; style-src '${STYLE_HASH}'; frame-ancestors 'none'`,
    });
    return page.answer(c);
  });
}
