import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { messages as say } from '../../web/i18n/en.ts';
import { chromiumMissing, launchChromium } from '../helpers/chromium.ts';
import { labMissing, openLab } from './lab.ts';
import { ROOT, readPages } from './page.ts';
import { markedBlocks } from './run-page.ts';

/** From `npm start` to a reading on the chart, for somebody who has the README alone; installing is not part of it. */
const LIMIT_MS = 4 * 60_000;
const WAIT_MS = 60_000;
const PASSWORD = 'words that belong to me';

const skip = labMissing() || chromiumMissing();

void test('with the README alone: from the first start to a reading on the chart', { skip }, async (t) => {
  const readme = readPages().find(({ path }) => path === 'README.md');
  assert.ok(readme);
  const [simulate, ...more] = markedBlocks(readme);
  assert.ok(simulate && more.length === 0, 'the README has other steps than this test');
  const lab = await openLab({ fresh: true });
  t.after(() => lab.close());
  const browser = await launchChromium(lab.enterProgram);
  t.after(() => browser.close());
  const folder = join(ROOT, 'dist', 'screenshots');
  mkdirSync(folder, { recursive: true });
  const began = performance.now();

  await lab.startServer();
  const [, printed = ''] = /Open (?:.*\n)+? *Log in as admin with the password: (\S+)/.exec(lab.said()) ?? [];
  assert.notEqual(printed, '');
  const context = await browser.newContext({ baseURL: 'http://localhost:3000', locale: 'en-GB' });
  context.setDefaultTimeout(WAIT_MS);
  const page = await context.newPage();
  const field = (name: string) => page.getByLabel(name, { exact: true });
  const button = (name: string) => page.getByRole('button', { name, exact: true });

  await page.goto('/');
  await field(say.login.username).fill('admin');
  await field(say.login.password).fill(printed);
  await button(say.login.submit).click();
  await field(say.password.current).fill(printed);
  await field(say.password.next).fill(PASSWORD);
  await field(say.password.again).fill(PASSWORD);
  await button(say.password.submit).click();
  await field(say.common.name).fill('Kitchen');
  await button(say.home.makeRoom).click();
  await page.getByRole('heading', { name: 'Kitchen' }).waitFor();

  // In another terminal, until the reading is seen.
  const stop = lab.background(simulate.block.text);
  t.after(stop);
  await button(say.home.showAll).click();
  const card = page.locator('li.card', { hasText: 'Temperature' });
  await card.getByText(/^\d+\.\d/).waitFor();
  await page.screenshot({ path: join(folder, 'first-cards.png') });
  await card.getByRole('link').first().click();
  await page.locator('canvas').first().waitFor();
  await page.screenshot({ path: join(folder, 'first-reading.png') });
  const milliseconds = performance.now() - began;
  t.diagnostic(`${(milliseconds / 1000).toFixed(1)} s`);
  assert.ok(milliseconds < LIMIT_MS, `${milliseconds} ms`);
});
