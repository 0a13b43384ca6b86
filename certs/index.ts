import { statSync } from 'node:fs';
import { Gauge, type Registry } from 'prom-client';
import type { EventLog, Log } from '../db/domain/ports.ts';
import { checkPair } from './files.ts';
import type { KeyAndCertificate } from './issue.ts';
import { type OwnFiles, readOwn } from './own.ts';
import { daysLeft, openCertificateStore } from './store.ts';

const LOOK_EVERY_MS = 2000;
/** How often the server's certificate is held against its end and the names of the machine. */
const CHECK_EVERY_MS = 60_000;
const WARN_EVERY_MS = 86_400_000;
/** A warning is told for a certificate that has fewer days left. */
const WARN_DAYS = 30;

/** What a TLS listener needs. PEM. */
export interface TlsMaterial extends KeyAndCertificate {
  /** CAs whose certificates devices may log in with. */
  caPem: string;
}

export interface CertificatesDeps {
  dir: string;
  /** Paths of an operator's own certificate (with its chain) and key, in place of ours. */
  files: OwnFiles | null;
  log: Log;
  events: EventLog;
  registry: Registry;
  /** Milliseconds; never before the program was made, whatever the machine's clock says. */
  now: () => number;
}

export interface Certificates {
  /** Of now; asked again after each change. */
  material(): TlsMaterial;
  /** SHA-256 of the CA under which the server is known, as `AA:BB:…`; null for an operator's own certificate. */
  fingerprint(): string | null;
  /** What devices and apps must trust: one CA, two while it is being changed. PEM. */
  bundle(): string;
  readonly caPath: string;
  /** Looks every two seconds for what was changed on the disk or ends soon. */
  start(onChange: (material: TlsMaterial) => void): void;
  stop(): void;
}

/** The certificates of the running server: read again when they change, renewed before they end. */
export async function openCertificates(deps: CertificatesDeps): Promise<Certificates> {
  const { dir, files, log, events, registry, now } = deps;
  const store = openCertificateStore({ dir, now });

  const ensure = async () => {
    if (files !== null) return;
    const reason = await store.ensureServer();
    if (reason === null) return;
    log.info({ reason }, 'made a server certificate');
    events.record({ kind: 'certificate_renewed', actor: 'server', detail: { reason } });
  };

  const read = async () => {
    const { current, next } = await store.authorities();
    const pair = files === null ? store.server() : readOwn(files);
    // Whoever knows the CA by its fingerprint alone finds it in the handshake.
    const certPem = files === null ? pair.certPem + current.certPem : pair.certPem;
    const caPem = current.certPem + (next?.certPem ?? '');
    return { current, next, server: checkPair(pair), material: { ...pair, certPem, caPem } };
  };

  await ensure();
  let ensuredAt = now();
  let state = await read();
  let listed = await store.list();
  let warnedAt = 0;
  let timer: NodeJS.Timeout | undefined;
  let looking = false;

  const watched = () => {
    const own = files === null ? [store.serverPath] : [files.cert, files.key];
    return [store.caPath, store.keyPath, store.devicesPath, ...own];
  };
  const stamp = () =>
    watched()
      .map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0)
      .join(' ');
  let seen = stamp();

  const ours = () => listed.filter(({ name }) => name !== 'server');
  const warn = () => {
    if (now() - warnedAt < WARN_EVERY_MS) return;
    warnedAt = now();
    for (const { name, certificate } of [...ours(), { name: 'server', certificate: state.server }]) {
      const days = daysLeft(certificate, now());
      if (days >= WARN_DAYS) continue;
      log.warn({ certificate: name, days }, 'a certificate ends soon');
      events.record({ kind: 'certificate_ends', actor: 'server', detail: { certificate: name, days } });
    }
  };

  const look = async (onChange: (material: TlsMaterial) => void) => {
    if (now() - ensuredAt > CHECK_EVERY_MS || now() < ensuredAt) {
      ensuredAt = now();
      await ensure();
    }
    const before = seen;
    seen = stamp();
    if (before !== seen) {
      const { material } = state;
      state = await read();
      if (JSON.stringify(material) !== JSON.stringify(state.material)) {
        log.info({ sha256: state.server.fingerprint256 }, 'certificates were read again');
        onChange(state.material);
      }
      listed = await store.list();
    }
    warn();
  };

  new Gauge({
    name: 'pm_iot_certificate_days_left',
    help: 'Days until a certificate ends; of those of devices the one that ends first',
    labelNames: ['certificate'],
    registers: [registry],
    collect() {
      this.reset();
      this.set({ certificate: 'server' }, daysLeft(state.server, now()));
      const devices: number[] = [];
      for (const { name, certificate } of ours()) {
        const days = daysLeft(certificate, now());
        if (name.startsWith('device ')) devices.push(days);
        else this.set({ certificate: name }, days);
      }
      if (devices.length > 0) this.set({ certificate: 'devices' }, Math.min(...devices));
    },
  });

  return {
    material: () => state.material,
    fingerprint: () => (files === null ? state.current.certificate.fingerprint256 : null),
    bundle: () => state.material.caPem,
    caPath: store.caPath,
    start: (onChange) => {
      warn();
      timer = setInterval(() => {
        if (looking) return;
        looking = true;
        look(onChange)
          .catch((error: unknown) => {
            // What was read last goes on serving.
            seen = '';
            log.warn({ err: error }, 'certificates could not be read');
          })
          .finally(() => {
            looking = false;
          });
      }, LOOK_EVERY_MS);
    },
    stop: () => clearInterval(timer),
  };
}
