import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, test } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { messages as say } from '../../web/i18n/en.ts';
import { chromiumMissing, launchChromium } from './chromium.ts';
import { Lamp } from './lamp.ts';
import { Rest } from './rest.ts';
import { ADMIN, Server, type ServerOptions } from './server.ts';
import { until } from './wait.ts';

/** For what a person would be waiting for, on a machine that has much else to do; longer than any pause between two polls. */
const LIMIT_MS = 30_000;
/** Of all that is on a page, the first thing that somebody must know who looks for a fault. */
const LONGEST_REPORT = 4000;
export const POLL_MS = 10_000;

let browser: Promise<Browser> | null = null;
after(async () => (await browser)?.close());

function startBrowser(): Promise<Browser> {
  browser ??= launchChromium();
  return browser;
}

export interface VisitOptions {
  /** The page's time is in the hands of the test: `page.clock.fastForward`. */
  clock?: boolean;
  /** As installed apps have; otherwise every request reaches the server. */
  serviceWorker?: boolean;
  bypassCSP?: boolean;
  colorScheme?: 'light' | 'dark';
  locale?: string;
  viewport?: { width: number; height: number };
}

/** Somebody at a browser of their own. Whatever the page complains of, or asks elsewhere for, is a fault. */
export class Visitor {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly origin: string;
  /** `POST /api/rooms`, in the order in which they were sent. */
  readonly requests: string[] = [];
  readonly #faults: string[] = [];
  readonly #allowed: RegExp[] = [];

  constructor(context: BrowserContext, page: Page, origin: string) {
    this.context = context;
    this.page = page;
    this.origin = origin;
    context.setDefaultTimeout(LIMIT_MS);
    context.on('console', (message) => {
      if (message.type() === 'error') this.#blame(`console: ${message.text()} (${message.location().url})`);
    });
    context.on('weberror', (error) => this.#blame(`error: ${error.error().stack}`));
    context.on('request', (request) => {
      const url = new URL(request.url());
      if (url.origin !== this.origin) this.#blame(`a request to ${request.url()}`);
      this.requests.push(`${request.method()} ${url.pathname}`);
    });
  }

  #blame(fault: string): void {
    if (!this.#allowed.some((pattern) => pattern.test(fault))) this.#faults.push(fault);
  }

  /** What the browser itself complains of when the test does something to the server. */
  allow(...patterns: RegExp[]): void {
    this.#allowed.push(...patterns);
  }

  count(request: string): number {
    return this.requests.filter((each) => each === request).length;
  }

  checkFaults(): void {
    assert.deepEqual(this.#faults, []);
  }

  async logIn({ username, password } = ADMIN): Promise<void> {
    const { page } = this;
    await page.getByLabel(say.login.username, { exact: true }).fill(username);
    await page.getByLabel(say.login.password, { exact: true }).fill(password);
    await page.getByRole('button', { name: say.login.submit }).click();
  }

  /** Another tab of the same browser. */
  async tab(): Promise<Page> {
    const page = await this.context.newPage();
    await page.goto(this.origin);
    return page;
  }

  heading = (name: string) => this.page.getByRole('heading', { level: 1, name });
  card = (widgetId: number) => this.page.locator(`li.card[data-widget="${widgetId}"]`);
  /** The card, once it waits for nothing. */
  confirmed = (widgetId: number) => this.page.locator(`li.card:not(.is-waiting)[data-widget="${widgetId}"]`);
  /** As if so much time had passed: whatever fell due meanwhile happens now. */
  pass = (ms = POLL_MS) => this.page.clock.fastForward(ms);

  async report(): Promise<string> {
    const seen = await Promise.all(
      this.context.pages().map(async (page) => {
        const snapshot = await page
          .locator('body')
          .ariaSnapshot({ timeout: 1000 })
          .catch(() => 'nothing');
        return `${page.url()}\n${snapshot.slice(0, LONGEST_REPORT)}`;
      }),
    );
    return [...seen, ...this.#faults, ...this.requests.slice(-10)].join('\n');
  }
}

/** What a test of the app works with: all of it is the test's own, and ends with it. */
export class House {
  readonly server: Server;
  readonly rest: Rest;
  readonly visitors: Visitor[] = [];
  readonly #lamps: Lamp[] = [];

  constructor(server: Server) {
    this.server = server;
    this.rest = new Rest(server);
  }

  async visit(options: VisitOptions = {}): Promise<Visitor> {
    const { clock = false, serviceWorker = false, locale = 'en-GB', ...rest } = options;
    const context = await (await startBrowser()).newContext({
      ...{ viewport: { width: 1280, height: 800 }, ...rest },
      locale,
      serviceWorkers: serviceWorker ? 'allow' : 'block',
    });
    const origin = `http://localhost:${this.server.ports.http}`;
    const page = await context.newPage();
    const visitor = new Visitor(context, page, origin);
    this.visitors.push(visitor);
    if (clock) await page.clock.install();
    await page.goto(origin);
    return visitor;
  }

  async room(name: string): Promise<number> {
    return (await this.rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name })).id;
  }

  /** A device with every sort of control, enrolled and connected; its cards are shown in a room if one is named. */
  async lamp(id: string, roomId?: number, capabilities?: object[]): Promise<Lamp> {
    const lamp = await Lamp.enrol(this.server, this.rest, id, capabilities);
    this.#lamps.push(lamp);
    if (roomId !== undefined) {
      await lamp.pair(roomId);
      await lamp.show();
    }
    return lamp;
  }

  /** Another device that ends with the test. */
  keep(lamp: Lamp): void {
    this.#lamps.push(lamp);
  }

  /** As a power cut does. */
  crash = () => this.server.stop('SIGKILL');
  /** On the ports where it was. */
  async restart(): Promise<void> {
    const { http, mqtt } = this.server.ports;
    await this.server.restartWith({ HTTP_PORT: String(http), MQTT_PORT: String(mqtt) });
  }

  async end(): Promise<void> {
    for (const { context } of this.visitors) await context.close();
    for (const lamp of this.#lamps) await lamp.leave();
    await this.server.dispose();
  }
}

interface Options extends ServerOptions {
  /** No password is given: one is made and printed. */
  firstRun?: boolean;
}

/** A test with a server and browsers. Where it fails, it tells what was on the pages. */
export function browserTest(
  name: string,
  work: (house: House) => Promise<void>,
  options: Options = {},
): void {
  const { firstRun = false, ...server } = options;
  void test(name, { skip: chromiumMissing() }, async () => {
    const house = new House(
      new Server({ ...server, env: { HTTPS_PORT: 'off', MQTTS_PORT: 'off', ...server.env } }),
    );
    try {
      await house.server.start();
      if (!firstRun) await house.rest.logIn();
      await work(house);
      for (const visitor of house.visitors) visitor.checkFaults();
    } catch (error) {
      const reports = await Promise.all(house.visitors.map((visitor) => visitor.report()));
      throw new Error(`${name}\n${reports.join('\n---\n')}`, { cause: error });
    } finally {
      await house.end();
    }
  });
}

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

interface Violation {
  id: string;
  help: string;
  nodes: { html: string; failureSummary: string }[];
}

/** Asserts that nothing on the page keeps anybody from using it, as far as a program can tell. Needs `bypassCSP`. */
export async function checkAccess(page: Page, where: string): Promise<void> {
  await until('all is there', async () => (await page.locator('.loading').count()) === 0);
  if (!(await page.evaluate<boolean>('"axe" in window'))) await page.addScriptTag({ path: AXE });
  const run = `axe.run(document, { runOnly: ${JSON.stringify(RULES)} }).then(({ violations }) => violations)`;
  const violations = await page.evaluate<Violation[]>(run);
  const told = violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${help}\n${html}\n${failureSummary}`),
  );
  assert.equal(told.join('\n\n'), '', where);
}
