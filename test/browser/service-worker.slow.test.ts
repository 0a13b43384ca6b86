import assert from 'node:assert/strict';
import { messages as say } from '../../web/i18n/en.ts';
import { browserTest, type Visitor } from '../helpers/browser.ts';
import { until } from '../helpers/wait.ts';

const GONE = /ERR_CONNECTION_(REFUSED|RESET)|ERR_EMPTY_RESPONSE|Failed to fetch/;

/** The program is kept, and this page is served from what is kept. */
async function installed({ page }: Visitor): Promise<void> {
  await until('the worker is in charge', () =>
    page.evaluate<boolean>('navigator.serviceWorker.controller?.state === "activated"'),
  );
}

const keptPaths = ({ page }: Visitor) =>
  page.evaluate<string[]>(`(async () => {
    const paths = [];
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const { url } of await cache.keys()) paths.push(new URL(url).pathname);
    }
    return paths;
  })()`);

browserTest('the app opens while the server is away, and shows nothing old as new', async (house) => {
  const roomId = await house.room('Living room');
  const lamp = await house.lamp('lamp', roomId);
  const { widget_id: id } = await lamp.widget('power');
  const visitor = await house.visit({ serviceWorker: true });
  const { page } = visitor;
  await installed(visitor);
  await visitor.logIn();
  await visitor.card(id).waitFor();
  // What is loaded later than the first page is kept as well.
  await page.reload();
  await visitor.card(id).waitFor();
  const kept = await keptPaths(visitor);
  assert.ok(kept.includes('/') && kept.some((path) => path.startsWith('/assets/')), kept.join());
  assert.deepEqual(
    kept.filter((path) => path.startsWith('/api')),
    [],
  );

  visitor.allow(GONE);
  await house.crash();
  await page.reload();
  await visitor.heading(say.home.title).waitFor();
  await page.getByRole('status').filter({ hasText: say.shell.away }).waitFor();
  assert.equal(await page.locator('li.card').count(), 0);

  await house.restart();
  await lamp.comeBack();
  await visitor.card(id).waitFor();
  await visitor.card(id).getByRole('switch').click();
  await visitor.card(id).getByRole('switch', { checked: true }).waitFor();
  await visitor.confirmed(id).waitFor();
  await page.getByRole('status').filter({ hasText: say.shell.away }).waitFor({ state: 'detached' });
});

browserTest('answers of the API never pass through the worker', async (house) => {
  const visitor = await house.visit({ serviceWorker: true });
  const { page } = visitor;
  await installed(visitor);
  const byWorker: string[] = [];
  page.on('response', (response) => {
    if (response.fromServiceWorker()) byWorker.push(new URL(response.url()).pathname);
  });
  await page.reload();
  await visitor.logIn();
  await visitor.heading(say.home.title).waitFor();
  assert.ok(byWorker.includes('/'), byWorker.join());
  assert.deepEqual(
    byWorker.filter((path) => path.startsWith('/api')),
    [],
  );
  // Pages of the server beside the app are its own.
  await page.goto(`${visitor.origin}/api/docs`);
  assert.match(await page.title(), /REST/);
});
