import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { launchChromium } from '../helpers/chromium.ts';
import { Rest } from '../helpers/rest.ts';
import { ADMIN, Server } from '../helpers/server.ts';
import { furnish } from './house.ts';

/** Among the sources; this file is built into `dist/test/screenshots`. */
const FOLDER = fileURLToPath(new URL('../../../dist/screenshots', import.meta.url));
/** Those of the README. */
const DOCS = fileURLToPath(new URL('../../../docs/images', import.meta.url));
const IN_DOCS = new Set(['home-desktop-light-en.png', 'history-week-phone-dark-th.png']);

const SIZES = {
  phone: { width: 390, height: 844 },
  desktop: { width: 1440, height: 900 },
} as const;

type Look = { size: keyof typeof SIZES; scheme: 'light' | 'dark'; locale: 'en-GB' | 'th-TH' };
const LOOKS: Look[] = [
  { size: 'phone', scheme: 'light', locale: 'en-GB' },
  { size: 'phone', scheme: 'dark', locale: 'th-TH' },
  { size: 'desktop', scheme: 'light', locale: 'en-GB' },
  { size: 'desktop', scheme: 'dark', locale: 'th-TH' },
];

const server = new Server({ env: { DEVICE_ENROLLMENT: 'open' } });
const browser = await launchChromium();
try {
  await server.start();
  const rest = await new Rest(server).logIn();
  const devices = await furnish(server, rest);
  for (const folder of [FOLDER, DOCS]) mkdirSync(folder, { recursive: true });
  await devices.find(({ options }) => options.id === 'PUMP-5')?.stop();
  for (const look of LOOKS) await shootAll(rest, look);
  for (const device of devices) await device.stop();
} finally {
  await browser.close();
  await server.dispose();
}

async function shootAll(rest: Rest, { size, scheme, locale }: Look): Promise<void> {
  const context = await browser.newContext({
    viewport: SIZES[size],
    isMobile: size === 'phone',
    hasTouch: size === 'phone',
    deviceScaleFactor: size === 'phone' ? 2 : 1,
    colorScheme: scheme,
    locale,
    baseURL: rest.url,
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const shoot = async (name: string) => {
    const language = locale.slice(0, 2);
    const file = `${name}-${size}-${scheme}-${language}.png`;
    await page.screenshot({ path: join(FOLDER, file) });
    if (IN_DOCS.has(file)) copyFileSync(join(FOLDER, file), join(DOCS, file));
  };
  await page.goto('/');
  await page.locator('input[autocomplete=username]').waitFor();
  await shoot('login');
  await page.locator('input[autocomplete=username]').fill(ADMIN.username);
  await page.locator('input[autocomplete=current-password]').fill(ADMIN.password);
  await page.locator('button[type=submit]').click();
  await page.locator('.card').first().waitFor();
  await page.locator('.spark svg').first().waitFor();
  await shoot('home');
  await refuse(page);
  await shoot('home-refused');
  const cancel = await arrange(page);
  await shoot('arrange');
  await cancel();
  const { widget_id: temperature } = await rest.widget('CLIMATE-02', 'temperature');
  const { widget_id: power } = await rest.widget('LAMP-7F21', 'power');
  for (const [name, path] of [
    ['history-week', `widgets/${temperature}/week`],
    ['history-switch', `widgets/${power}/day`],
    ['devices', 'devices'],
    ['device', 'devices/CLIMATE-02'],
    ['enrol', 'devices/+'],
    ['rooms', 'rooms'],
    ['users', 'users'],
    ['events', 'events'],
    ['system', 'system'],
    ['account', 'account'],
  ] as const) {
    await page.goto(`/#/${path}`);
    await page.locator('h1').waitFor();
    await page.locator('.loading').waitFor({ state: 'detached' });
    if (name.startsWith('history')) await page.locator('canvas').first().waitFor();
    // What moves comes to rest: charts are drawn in the frame after.
    await page.waitForLoadState('networkidle');
    await shoot(name);
  }
  await context.close();
}

async function arrange(page: Page): Promise<() => Promise<void>> {
  await page.locator('.page-actions .button').last().click();
  await page.locator('.arrange li').first().waitFor();
  return () => page.locator('.arrange-bar .button').first().click();
}

/** A command that its device refuses, told on its card. */
async function refuse(page: Page): Promise<void> {
  const card = page.locator('.card', { hasText: 'Garden door' });
  await card.getByRole('switch').click();
  await card.locator('.fault').waitFor();
}
