import { join } from 'node:path';
import type { Logger } from 'pino';
import { type Certificates, openCertificates } from '../certs/index.ts';
import type { Config } from '../config/index.ts';
import { builtAt } from '../db/built-at.ts';
import { announcedName } from '../net/mdns/kept-name.ts';
import type { Foundation } from './foundation.ts';

/** Those of DATA_DIR. Of the workers that share it, the first makes them and the others read them. */
export function openServerCertificates(foundation: Foundation, config: Config): Promise<Certificates> {
  const { part, now, dataDir, metrics, eventLog } = foundation;
  const earliest = builtAt();
  return openCertificates({
    dir: join(dataDir, 'certs'),
    makes: (config.worker ?? 1) === 1,
    files: config.tlsFiles,
    publicHost: config.publicHost,
    announced: announcedName(config, dataDir),
    log: part('certs'),
    events: eventLog,
    registry: metrics,
    now: () => Math.max(now(), earliest),
  });
}

export function tellAuthority(certificates: Certificates, log: Logger): void {
  const { current: sha256, next } = certificates.fingerprints() ?? {};
  if (sha256 === undefined) return;
  const authority = { ca: certificates.caPath, sha256, ...(next && { next_sha256: next }) };
  log.info(authority, 'devices and apps must trust this CA');
}
