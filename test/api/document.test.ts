import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApp } from '../../api/app.ts';
import type { AppDeps } from '../../api/context.ts';
import { EVENT_KINDS } from '../../db/domain/ports.ts';

interface Operation {
  security?: unknown[];
  parameters?: { name: string; schema: Record<string, unknown>; style?: string; explode?: boolean }[];
  requestBody?: object;
  responses: Record<string, object>;
}

// Nothing is called: what the routes do is not needed to describe them.
const app = createApp({
  corsOrigins: [],
  webApp: new Map(),
  others: null,
  metricsToken: null,
} as unknown as AppDeps);
const document = app.getOpenAPI31Document({ openapi: '3.1.0', info: { title: 'test', version: '0' } });
const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
  Object.entries(item as Record<string, Operation>).map(([method, operation]) => ({
    call: `${method.toUpperCase()} ${path}`,
    operation,
  })),
);
const statusesOf = (name: string) =>
  Object.keys(operations.find(({ call }) => call === name)?.operation.responses ?? {});

void test('every route is described, once', () => {
  const routes = app.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path.replace(/:([a-z_]+)/g, '{$1}')}`);
  assert.ok(routes.length > 40);
  assert.deepEqual([...new Set(routes)].sort(), operations.map(({ call }) => call).sort());
});

void test('every call tells what it may refuse', () => {
  for (const { call, operation } of operations) {
    const statuses = Object.keys(operation.responses);
    assert.ok(statuses.includes('400'), call);
    if (operation.security?.length === 1) assert.ok(statuses.includes('401'), call);
    if (!call.startsWith('GET ')) assert.ok(statuses.includes('413') && statuses.includes('415'), call);
  }
  for (const name of ['POST /api/auth/login', 'PUT /api/auth/password', 'POST /api/users']) {
    assert.ok(statusesOf(name).includes('429'), name);
  }
  assert.ok(statusesOf('POST /api/enrollments').includes('409'));
  assert.deepEqual(statusesOf('GET /api/metrics'), ['200', '400', '401', '403']);
});

void test('numbers in paths and queries are described as numbers', () => {
  const { parameters = [] } =
    operations.find(({ call }) => call === 'GET /api/widgets/{id}/readings')?.operation ?? {};
  const schemaOf = (wanted: string) => parameters.find(({ name }) => name === wanted)?.schema;
  assert.deepEqual(schemaOf('id'), { type: 'integer', minimum: 1, maximum: 2_147_483_647 });
  assert.deepEqual(schemaOf('limit'), { type: 'integer', minimum: 1, maximum: 200, default: 50 });
});

void test('the kinds of events are listed, as one finds them and as they are told', () => {
  const { parameters = [] } = operations.find(({ call }) => call === 'GET /api/events')?.operation ?? {};
  const kind = parameters.find(({ name }) => name === 'kind');
  const items = { type: 'string', enum: [...EVENT_KINDS] };
  assert.deepEqual([kind?.style, kind?.explode, kind?.schema.type], ['form', false, 'array']);
  assert.deepEqual(kind?.schema.items, items);
  const { Event } = (document.components?.schemas ?? {}) as Record<string, { properties: { kind: object } }>;
  assert.deepEqual(Event?.properties.kind, items);
});

void test('ids that may be null are described so', () => {
  const schemas = (document.components?.schemas ?? {}) as Record<
    string,
    { properties: Record<string, { type: unknown }> }
  >;
  for (const name of ['Device', 'Widget', 'Enrolment', 'Event']) {
    assert.deepEqual(schemas[name]?.properties.room_id?.type, ['integer', 'null'], name);
  }
});
