import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openCertificateStore } from '../../certs/store.ts';

export const DAY_MS = 86_400_000;

export function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'pm-iot-certs-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** An operator's certificate and key in a folder of their own, by a CA that is not ours. */
export function operatorsFiles(dir: string) {
  const files = { cert: join(dir, 'own.crt'), key: join(dir, 'own.key') };
  const authority = openCertificateStore({ dir: join(dir, 'authority') });
  return {
    files,
    caPath: authority.caPath,
    /** As it is issued at that time, for 397 days. */
    issue: async (at = Date.now(), names?: string[]) => {
      await authority.authorities();
      const { renewServer, server } = openCertificateStore({ dir: join(dir, 'authority'), now: () => at });
      await renewServer(names);
      const pair = server();
      writeFileSync(files.key, pair.keyPem);
      writeFileSync(files.cert, pair.certPem);
      return pair;
    },
  };
}

export function opensslMissing(): string | false {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'openssl is not installed';
  }
}
