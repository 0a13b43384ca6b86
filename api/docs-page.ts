import { createHash } from 'node:crypto';
import type { OpenAPIHono } from '@hono/zod-openapi';

type Document = ReturnType<OpenAPIHono['getOpenAPI31Document']>;

interface Operation {
  tags?: string[];
  security?: unknown[];
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema?: unknown }[];
  requestBody?: { content?: Record<string, { schema?: unknown }> };
  responses?: Record<string, { description?: string; content?: Record<string, { schema?: unknown }> }>;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
h2{margin-top:2.5rem;border-bottom:1px solid #d0d7de}details{border:1px solid #d0d7de;border-radius:6px;margin:.5rem 0;padding:.4rem .8rem}
summary{cursor:pointer;font-family:ui-monospace,monospace}b{display:inline-block;width:4.5rem}pre{background:#f6f8fa;padding:.6rem;overflow:auto;border-radius:6px}
table{border-collapse:collapse}td{padding:.1rem .8rem .1rem 0;vertical-align:top}
@media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}pre{background:#161b22}details,h2{border-color:#30363d}a{color:#58a6ff}}`;

/** The only style that the page may have. */
export const STYLE_HASH = `sha256-${createHash('sha256').update(STYLE).digest('base64')}`;

const html = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const schemaText = (schema: unknown) => `<pre>${html(JSON.stringify(schema, null, 2))}</pre>`;

function parametersOf({ parameters = [] }: Operation): string {
  if (parameters.length === 0) return '';
  const rows = parameters.map(
    ({ name, in: place, required, description = '', schema }) =>
      `<tr><td><code>${html(name)}</code></td><td>${place}${required ? ', required' : ''}</td><td>${html(description)}</td><td><code>${html(JSON.stringify(schema))}</code></td></tr>`,
  );
  return `<table>${rows.join('')}</table>`;
}

function operationOf(method: string, path: string, operation: Operation): string {
  const { security, requestBody, responses = {} } = operation;
  const sent = Object.entries(requestBody?.content ?? {}).map(
    ([type, { schema }]) => `<p>Body, ${html(type)}:</p>${schemaText(schema)}`,
  );
  const answers = Object.entries(responses).map(([status, { description = '', content = {} }]) => {
    const shown = Number(status) < 300 ? Object.values(content).map(({ schema }) => schemaText(schema)) : [];
    return `<p><b>${status}</b>${html(description)}</p>${shown.join('')}`;
  });
  const who = security === undefined ? '<p>Without a token.</p>' : '';
  return `<details><summary><b>${method.toUpperCase()}</b>${html(path)}</summary>${who}${parametersOf(operation)}${sent.join('')}${answers.join('')}</details>`;
}

/** The OpenAPI document as one page without scripts or anything from elsewhere. */
export function docsPage(document: Document): string {
  const groups = new Map<string, string[]>();
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    for (const method of METHODS) {
      const operation = (item as Partial<Record<string, Operation>>)[method];
      if (operation === undefined) continue;
      const [tag = 'other'] = operation.tags ?? [];
      groups.set(tag, [...(groups.get(tag) ?? []), operationOf(method, path, operation)]);
    }
  }
  const sections = [...groups].map(([tag, operations]) => `<h2>${html(tag)}</h2>${operations.join('')}`);
  const schemas = Object.entries(document.components?.schemas ?? {}).map(
    ([name, schema]) => `<details><summary>${html(name)}</summary>${schemaText(schema)}</details>`,
  );
  const { title, version, description = '' } = document.info;
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${html(title)} REST</title><style>${STYLE}</style>
<h1>${html(title)} ${html(version)}</h1><p>${html(description)} The same for programs: <a href="/api/openapi.json">openapi.json</a>.</p>
${sections.join('\n')}<h2>schemas</h2>${schemas.join('\n')}</html>`;
}
