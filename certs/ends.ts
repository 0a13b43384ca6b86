import type { X509Certificate } from 'node:crypto';
import { Gauge, type Registry } from 'prom-client';
import type { EventLog, Log } from '../db/domain/ports.ts';
import type { Fault } from './files.ts';
import { daysLeft, periodFault, WARN_DAYS } from './period.ts';

const TELL_EVERY_MS = 86_400_000;

/** A certificate that counts, by what it is: `ca`, `server`, `device lamp`. */
export interface Named {
  name: string;
  path: string;
  certificate: X509Certificate;
}

/** Tells of certificates that do not count yet, end soon or have ended: each once a day, and a new one at once. */
export function createEndWarnings(deps: { log: Log; events: EventLog; now: () => number }) {
  const { log, events, now } = deps;
  let told = new Map<string, number>();

  const tell = ({ name, path, certificate }: Named) => {
    const days = daysLeft(certificate, now());
    const fault = periodFault(certificate, now());
    if (fault === null) log.warn({ certificate: name, path, days }, 'a certificate ends soon');
    else log.error({ certificate: name, path, fault }, 'a certificate does not count: clients refuse it');
    if (days >= WARN_DAYS) return;
    events.record({ kind: 'certificate_ends', actor: 'server', detail: { certificate: name, days } });
  };

  return (certificates: readonly Named[]): void => {
    const due = new Map<string, number>();
    for (const named of certificates) {
      const { certificate } = named;
      if (daysLeft(certificate, now()) >= WARN_DAYS && periodFault(certificate, now()) === null) continue;
      const key = `${named.name} ${certificate.fingerprint256}`;
      const last = told.get(key);
      const again = last === undefined || Math.abs(now() - last) >= TELL_EVERY_MS;
      if (again) tell(named);
      due.set(key, again ? now() : last);
    }
    told = due;
  };
}

/** Tells each fault of a file once, and again when it has changed or come back. */
export function createFaultTeller(log: Log) {
  let told = new Set<string>();
  return (faults: { errors: readonly Fault[]; warnings: readonly Fault[] }): void => {
    const there = new Set<string>();
    const tell = (level: 'error' | 'warn', { path, fault }: Fault) => {
      const key = `${path} ${fault}`;
      there.add(key);
      if (!told.has(key)) log[level]({ path, fault }, 'a certificate file is at fault');
    };
    for (const fault of faults.errors) tell('error', fault);
    for (const fault of faults.warnings) tell('warn', fault);
    told = there;
  };
}

export function measureEnds(registry: Registry, certificates: () => readonly Named[]): void {
  new Gauge({
    name: 'pm_iot_certificate_expiry_timestamp_seconds',
    help: 'When a certificate ends, in seconds since 1970; of those of devices the one that ends first',
    labelNames: ['certificate'],
    aggregator: 'min',
    registers: [registry],
    collect() {
      this.reset();
      const devices: number[] = [];
      const endOf = (certificate: X509Certificate) => Date.parse(certificate.validTo) / 1000;
      for (const { name, certificate } of certificates()) {
        const end = endOf(certificate);
        if (name.startsWith('device ')) devices.push(end);
        else this.set({ certificate: name }, end);
      }
      if (devices.length > 0) this.set({ certificate: 'devices' }, Math.min(...devices));
    },
  });
}
