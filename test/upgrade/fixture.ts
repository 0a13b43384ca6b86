import { createHmac } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { Household } from './household.ts';

/** What the first version has left: `make-fixture.ts` makes it. */
export const FIXTURE = fileURLToPath(new URL('../../../test/upgrade/fixture', import.meta.url));
/** Without the server's certificate, which names the machine that it was made on. */
export const FILES = ['jwt.secret', 'certs/ca.crt', 'certs/ca.key'];

export const readDump = (): string => gunzipSync(readFileSync(join(FIXTURE, 'dump.sql.gz'))).toString();

export const readHousehold = (): Household =>
  JSON.parse(readFileSync(join(FIXTURE, 'household.json'), 'utf8')) as Household;

export function copyFiles(dataDir: string): void {
  mkdirSync(join(dataDir, 'certs'), { recursive: true, mode: 0o700 });
  for (const file of FILES) {
    copyFileSync(join(FIXTURE, file), join(dataDir, file));
    chmodSync(join(dataDir, file), 0o600);
  }
}

/** The token of then, as if it had been asked to last until today. */
export function lastingToken(token: string): string {
  const [header = '', payload = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { exp: number };
  const longer = Buffer.from(JSON.stringify({ ...claims, exp: Math.floor(Date.now() / 1000) + 3600 }));
  const signed = `${header}.${longer.toString('base64url')}`;
  const secret = readFileSync(join(FIXTURE, 'jwt.secret'), 'utf8').trim();
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}
