/**
 * Lets the app be installed and open while the server is away. It keeps the program, never what the server tells:
 * under /api nothing passes through here, so that nothing old is ever shown as new.
 */
const worker = self as unknown as ServiceWorkerGlobalScope;

const CACHE = 'pm-iot-app';
const PAGE = new URL('./', worker.location.href).href;

/** The page, and the scripts and styles that it names. */
async function keepProgram(): Promise<void> {
  const cache = await caches.open(CACHE);
  const page = await fetch(PAGE, { cache: 'no-cache' });
  if (!page.ok) throw new Error(`the page was answered with ${page.status}`);
  const html = await page.clone().text();
  const named = [...html.matchAll(/(?:src|href)="(\.\/[^"]+)"/g)].map(([, path = '']) => path);
  await cache.addAll(named.map((path) => new URL(path, PAGE).href));
  await cache.put(PAGE, page);
}

/** Files of the version before are of no more use once a page of this one is there. */
async function dropOthers(): Promise<void> {
  for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
}

/** The server's own page whenever it answers; the kept one when it does not. */
async function answerPage(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  try {
    const fresh = await fetch(request);
    if (fresh.ok) await cache.put(PAGE, fresh.clone());
    return fresh;
  } catch (error) {
    const kept = await cache.match(PAGE);
    if (kept === undefined) throw error;
    return kept;
  }
}

/** Their names change with their content: what is kept is what the server has. */
async function answerAsset(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request);
  if (kept !== undefined) return kept;
  const fresh = await fetch(request);
  if (fresh.ok) await cache.put(request, fresh.clone());
  return fresh;
}

worker.addEventListener('install', (event) => {
  event.waitUntil(keepProgram().then(() => worker.skipWaiting()));
});
worker.addEventListener('activate', (event) => {
  event.waitUntil(dropOthers().then(() => worker.clients.claim()));
});
worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const { href, origin } = new URL(request.url);
  if (request.method !== 'GET' || origin !== worker.location.origin) return;
  if (href.startsWith(new URL('./api/', PAGE).href)) return;
  if (request.mode === 'navigate' && href.split(/[?#]/)[0] === PAGE) event.respondWith(answerPage(request));
  else if (href.startsWith(new URL('./assets/', PAGE).href)) event.respondWith(answerAsset(request));
});
