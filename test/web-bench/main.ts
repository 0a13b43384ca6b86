import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { CDPSession, Page } from 'playwright-core';
import { Quantiles } from '../../scripts/load-test/quantiles.ts';
import { launchChromium } from '../helpers/chromium.ts';
import { Rest } from '../helpers/rest.ts';
import { ADMIN, Server } from '../helpers/server.ts';
import { type Building, openBuilding } from './building.ts';

/** A phone of the middle of its range, beside a desktop processor. */
const THROTTLES = [1, 4];
const POLLS = 30;
const LOADS = 5;
const VIEWPORT = { width: 1440, height: 900 };
/** Among the sources; this file is built into `dist/test/web-bench`. */
const IN_PAGE = fileURLToPath(new URL('../../../test/web-bench/in-page.js', import.meta.url));

const server = new Server({ env: { DEVICE_ENROLLMENT: 'open' } });
const browser = await launchChromium();
try {
  await server.start();
  const rest = await new Rest(server).logIn();
  const building = await openBuilding(server, rest);
  await building.change();
  const [processor] = cpus();
  console.log(
    `${cpus().length} × ${processor?.model}, Chromium ${browser.version()}, ${building.widgets} widgets`,
  );
  for (const throttle of THROTTLES) await measureLoads(rest, building, throttle);
  for (const throttle of THROTTLES) await measurePolls(rest, building, throttle);
  await building.stop();
} finally {
  await browser.close();
  await server.dispose();
}

/** A browser that has kept nothing but the log-in. */
async function openPage(rest: Rest, throttle: number): Promise<{ page: Page; cdp: CDPSession }> {
  const context = await browser.newContext({
    viewport: VIEWPORT,
    baseURL: rest.url,
    serviceWorkers: 'block',
  });
  const { token, expires_at, user } = await rest.expect<{ token: string; expires_at: string; user: object }>(
    200,
    'POST',
    '/api/auth/login',
    ADMIN,
  );
  const session = JSON.stringify({ token, expiresAt: Date.parse(expires_at), user });
  await context.addInitScript(`localStorage.setItem('pm-iot-session', ${JSON.stringify(session)})`);
  await context.addInitScript({ path: IN_PAGE });
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: throttle });
  await cdp.send('Performance.enable');
  await cdp.send('Network.enable');
  return { page, cdp };
}

async function measureLoads(rest: Rest, { roomId }: Building, throttle: number): Promise<void> {
  const [bytes, scripts, shown, interactive] = [1, 2, 3, 4].map(() => new Quantiles());
  for (let i = 0; i < LOADS; i++) {
    const { page, cdp } = await openPage(rest, throttle);
    const types = new Map<string, string>();
    let [all, ofScripts] = [0, 0];
    cdp.on('Network.responseReceived', ({ requestId, type }) => types.set(requestId, type));
    cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      all += encodedDataLength;
      if (types.get(requestId) === 'Script') ofScripts += encodedDataLength;
    });
    await page.goto(`/#/rooms/${roomId}`);
    const shownMs: number = await page.evaluate('bench.shown()');
    interactive?.add(await page.evaluate(`bench.interactive(${shownMs})`));
    shown?.add(shownMs);
    bytes?.add(all);
    scripts?.add(ofScripts);
    await page.context().close();
  }
  const median = (values: Quantiles | undefined) => Math.round(values?.at(0.5) ?? 0);
  console.log(
    `first view, processor ÷ ${throttle}: ${median(bytes)} bytes (JavaScript ${median(scripts)}), ` +
      `cards shown after ${median(shown)} ms, interactive after ${median(interactive)} ms`,
  );
}

async function measurePolls(rest: Rest, building: Building, throttle: number): Promise<void> {
  const { page, cdp } = await openPage(rest, throttle);
  await page.goto(`/#/rooms/${building.roomId}`);
  await page.evaluate('bench.shown()');
  const spent = async () => {
    const { metrics } = await cdp.send('Performance.getMetrics');
    const of = (name: string) => 1000 * (metrics.find((metric) => metric.name === name)?.value ?? 0);
    return { script: of('ScriptDuration'), task: of('TaskDuration') };
  };
  const script = new Quantiles();
  const task = new Quantiles();
  let long = 0;
  for (let i = 0; i < POLLS; i++) {
    const value = await building.change();
    const before = await spent();
    long += await page.evaluate<number>(`bench.poll('${value}')`);
    const after = await spent();
    script.add(after.script - before.script);
    task.add(after.task - before.task);
  }
  const told = (values: Quantiles) =>
    `p50 ${values.at(0.5).toFixed(1)} ms, worst ${values.at(1).toFixed(1)} ms`;
  console.log(
    `a poll with 100 of ${building.widgets} widgets changed, processor ÷ ${throttle}: script ${told(script)}; ` +
      `all work of the page ${told(task)}; tasks longer than 50 ms: ${long} in ${POLLS} polls`,
  );
  await page.context().close();
}
