import { fileURLToPath } from 'node:url';
import { createApp } from '../../api/app.ts';
import type { AppDeps } from '../../api/context.ts';
import { apiPage } from './api-page.ts';
import { type Document, typesFile } from './types-file.ts';

/** Among the sources; this file is built into `dist/scripts/client-types`. */
const pathOf = (name: string) => fileURLToPath(new URL(`../../../${name}`, import.meta.url));

export const TYPES_PATH = pathOf('web/client/types.ts');
export const API_PAGE_PATH = pathOf('docs/api.md');

/** What the routes say of themselves. */
export function currentDocument(): Document {
  // Nothing is called: what the routes do is not needed to describe them.
  const deps = { corsOrigins: [], webApp: new Map(), others: null, metricsToken: null };
  const app = createApp(deps as unknown as AppDeps);
  return app.getOpenAPI31Document({ openapi: '3.1.0', info: { title: 'PM IoT', version: '0' } });
}

/** What the file must be for the routes as they are. */
export const currentTypes = (): string => typesFile(currentDocument());

/** What the page must be for the routes as they are. */
export const currentApiPage = (page: string): string => apiPage(page, currentDocument());
