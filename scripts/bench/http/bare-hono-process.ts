import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import type { BareAnswers } from './bare-hono.ts';

/** Hono on Node's HTTP as it comes: the same two answers for everybody, one whole and one unchanged. */
const { body } = JSON.parse(process.argv[2] ?? '') as BareAnswers;
const app = new Hono();
app.get('/unchanged', (c) => c.body(null, 304, { ETag: '"an-etag-of-22-characters"' }));
app.get('/whole', (c) => c.body(body, 200, { 'Content-Type': 'application/json; charset=utf-8' }));
serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => process.send?.(port));
process.once('disconnect', () => process.exit());
