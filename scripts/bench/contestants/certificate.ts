import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCertificateStore } from '../../../certs/store.ts';

export interface Certificate {
  caPath: string;
  ca: string;
  certPath: string;
  keyPath: string;
}

let made: Promise<Certificate> | null = null;

async function make(): Promise<Certificate> {
  const dir = mkdtempSync(join(tmpdir(), 'pm-iot-bench-certs-'));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  const { caPath, renewServer } = openCertificateStore({ dir });
  await renewServer();
  const pair = join(dir, 'server.pem');
  return { caPath, ca: readFileSync(caPath, 'utf8'), certPath: pair, keyPath: pair };
}

/** One for all contestants that bring none of their own: of the same kind as ours. */
export const certificate = (): Promise<Certificate> => {
  made ??= make();
  return made;
};
