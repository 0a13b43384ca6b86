import { fileURLToPath } from 'node:url';
import { createApp } from '../../api/app.ts';
import type { AppDeps } from '../../api/context.ts';
import { typesFile } from './types-file.ts';

/** Among the sources; this file is built into `dist/scripts/client-types`. */
export const TYPES_PATH = fileURLToPath(new URL('../../../web/client/types.ts', import.meta.url));

/** What the file must be for the routes as they are. */
export function currentTypes(): string {
  // Nothing is called: what the routes do is not needed to describe them.
  const app = createApp({
    corsOrigins: [],
    webApp: new Map(),
    others: null,
    metricsToken: null,
  } as unknown as AppDeps);
  const info = { title: 'PM IoT', version: '0' };
  return typesFile(app.getOpenAPI31Document({ openapi: '3.1.0', info }));
}
