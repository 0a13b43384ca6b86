import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import type { Api } from './context.ts';
import { Representation } from './representation.ts';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
};

/** Everything comes from this server, and nothing is written into the page as a script or a style. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Their names change with their content. */
const isHashed = (path: string) => path.startsWith('assets/');

/** The built web app, whole in memory: it is small, and what runs does not change while files are replaced. */
export type WebApp = ReadonlyMap<string, Representation>;

/** Reads a folder that the build has written; an empty app where there is none. */
export function readWebApp(folder: string): WebApp {
  const files = new Map<string, Representation>();
  for (const path of listed(folder)) {
    const type = TYPES[extname(path)];
    if (type === undefined) continue;
    const representation = new Representation(readFileSync(join(folder, path)), {
      'Content-Type': type,
      'Content-Security-Policy': POLICY,
      'Cache-Control': isHashed(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
    });
    files.set(path === 'index.html' ? '/' : `/${path}`, representation);
  }
  return files;
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) =>
      path.split(sep).join('/'),
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Each file under its own path: of any other the server says that there is nothing. */
export function webAppRoutes(api: Api, files: WebApp): void {
  for (const [path, representation] of files) api.get(path, (c) => representation.answer(c));
}
