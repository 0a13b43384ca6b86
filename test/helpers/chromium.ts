import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const PLACES = [
  process.env.CHROMIUM ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const HOW =
  'no Chromium is installed (Debian: apt-get install chromium; elsewhere: set CHROMIUM to its path)';

const findChromium = () => PLACES.find((path) => path !== '' && existsSync(path)) ?? null;

/** A reason to skip a test that needs a browser; false when it can run. In CI nothing is skipped. */
export function chromiumMissing(): string | false {
  return findChromium() !== null || process.env.CI === 'true' ? false : HOW;
}

/** The browser of this machine; an error that says how to get one where there is none. `within`: the program that starts it. */
export async function launchChromium(within = (path: string) => path): Promise<Browser> {
  const path = findChromium();
  if (path === null) throw new Error(HOW);
  return chromium.launch({ executablePath: within(path) });
}
