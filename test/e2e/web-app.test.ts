import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { startServer } from '../helpers/setup.ts';

/** JavaScript that a browser fetches before it shows something, gzipped. */
const FIRST_VIEW_BYTES = 120 * 1024;

const textOf = async (url: string) => (await fetch(url)).text();

void test('the web app is served by the program itself', async (t) => {
  const { rest } = await startServer(t);
  const get = (path: string, headers: Record<string, string> = {}) => fetch(rest.url + path, { headers });
  const page = await textOf(`${rest.url}/`);
  const named = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = '']) => path);
  const scripts = named.filter((path) => path.endsWith('.js'));

  await t.test('with a page that is asked for anew each time', async () => {
    const first = await get('/');
    assert.equal(first.status, 200);
    assert.equal(first.headers.get('Content-Type'), 'text/html; charset=utf-8');
    assert.equal(first.headers.get('Cache-Control'), 'no-cache');
    const again = await get('/', { 'If-None-Match': first.headers.get('ETag') ?? '' });
    assert.equal(again.status, 304);
    assert.equal((await fetch(`${rest.url}/`, { method: 'HEAD' })).status, 200);
  });

  await t.test('with a policy under which nothing comes from elsewhere or out of the page', async () => {
    for (const path of ['/', '/sw.js', ...scripts.map((script) => script.slice(1))]) {
      const policy = (await get(path)).headers.get('Content-Security-Policy') ?? '';
      assert.match(policy, /default-src 'none'/, path);
      assert.match(policy, /script-src 'self'(;|$)/, path);
      assert.match(policy, /style-src 'self'(;|$)/, path);
      assert.match(policy, /connect-src 'self'(;|$)/, path);
      assert.doesNotMatch(policy, /unsafe|\*|https?:|data:|blob:/, path);
    }
  });

  await t.test('whose addresses are relative, so that a proxy may put it anywhere', async () => {
    assert.ok(named.length > 3);
    for (const path of named) assert.match(path, /^\.\//);
    for (const path of named) assert.equal((await get(path.slice(1))).status, 200, path);
    const manifest = (await (await get('/app.webmanifest')).json()) as { icons: { src: string }[] };
    for (const { src } of manifest.icons) {
      const icon = await get(src.slice(1));
      assert.equal(icon.status, 200, src);
      assert.match(icon.headers.get('Content-Type') ?? '', /^image\//);
    }
  });

  await t.test('whose files keep for ever what their name stands for, and nothing else', async () => {
    for (const path of named.filter((each) => each.startsWith('./assets/'))) {
      const { headers } = await get(path.slice(1));
      assert.match(headers.get('Cache-Control') ?? '', /immutable/, path);
    }
    for (const path of ['/', '/sw.js', '/app.webmanifest', '/icon.svg']) {
      assert.equal((await get(path)).headers.get('Cache-Control'), 'no-cache', path);
    }
  });

  await t.test('in at most 120 KB of JavaScript for the first view, languages too', async () => {
    const seen = new Map<string, number>();
    const follow = async (path: string): Promise<void> => {
      if (seen.has(path)) return;
      const script = await textOf(`${rest.url}/assets/${path}`);
      seen.set(path, gzipSync(script).length);
      for (const [, next = ''] of script.matchAll(/\bfrom\s*["']\.\/([^"']+\.js)["']/g)) await follow(next);
    };
    for (const path of scripts) await follow(path.slice('./assets/'.length));
    const entry = await textOf(`${rest.url}${scripts[0]?.slice(1)}`);
    const languages = [...entry.matchAll(/\.\/((?:en|th)-[\w-]+\.js)/g)].map(([, path = '']) => path);
    assert.ok(languages.length >= 2, 'no languages were found');
    for (const path of languages) await follow(path);
    const total = [...seen.values()].reduce((sum, bytes) => sum + bytes, 0);
    t.diagnostic(`${(total / 1024).toFixed(1)} KB in ${seen.size} files`);
    assert.ok(total <= FIRST_VIEW_BYTES, `${total} bytes`);
  });

  await t.test('and of every other address there is nothing', async () => {
    for (const path of [
      '/index.html',
      '/assets',
      '/assets/',
      '/assets/x.js',
      '/..%2fpackage.json',
      '/home',
    ]) {
      const answer = await get(path);
      assert.equal(answer.status, 404, path);
      assert.equal(((await answer.json()) as { code: string }).code, 'NOT_FOUND');
    }
    const posted = await fetch(`${rest.url}/`, { method: 'POST' });
    assert.equal(posted.status, 405);
    assert.equal(posted.headers.get('Allow'), 'GET');
  });
});
