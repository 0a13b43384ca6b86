import { statSync } from 'node:fs';
import type { Registry } from 'prom-client';
import type { EventLog, Log } from '../db/domain/ports.ts';
import { createEndWarnings, createFaultTeller, measureEnds, type Named } from './ends.ts';
import { type Fault, messageOf } from './files.ts';
import { createFollowing } from './following.ts';
import { covers, reachableHosts } from './names.ts';
import type { OwnFiles } from './own.ts';
import { type CertificateReport, certificateReports } from './report.ts';
import { readState, type State, type TlsMaterial } from './state.ts';
import { openCertificateStore } from './store.ts';

export type { TlsMaterial } from './state.ts';

const LOOK_EVERY_MS = 2000;
/** How often the server's certificate is held against its end; against the names of the machine, at each look. */
const CHECK_EVERY_MS = 60_000;

export interface CertificatesDeps {
  dir: string;
  /** Does it make the server's certificate, and make it anew? Of several processes on one folder, one does. */
  makes?: boolean;
  /** Paths of an operator's own certificate (with its chain) and key, in place of ours. */
  files: OwnFiles | null;
  /** How devices are told to reach this machine; null: its addresses, or the names of the operator's certificate. */
  publicHost: string | null;
  /** The name that this machine announces itself by, with `.local`; null: it does not. */
  announced?: () => string | null;
  log: Log;
  events: EventLog;
  registry: Registry;
  /** Milliseconds; never before the program was made, whatever the machine's clock says. */
  now: () => number;
}

export interface Certificates {
  /** Of now; asked again after each change. */
  material(): TlsMaterial;
  fingerprints(): State['fingerprints'];
  /** Under which clients reach the server and accept its certificate. */
  hosts(): readonly string[];
  /** What devices and apps must trust: one CA, two while it is being changed. PEM. */
  bundle(): string;
  /** Of the certificate that is served and of the CAs. */
  reports(): CertificateReport[];
  readonly caPath: string;
  /** Looks for what was changed on the disk or ends soon, and tells of it; never throws. */
  look(): Promise<void>;
  /** Looks every two seconds. */
  start(onChange: (material: TlsMaterial) => void): void;
  stop(): void;
}

/** The certificates of the running server: read again when they change, renewed before they end. */
export async function openCertificates(deps: CertificatesDeps): Promise<Certificates> {
  const { dir, makes = true, files, publicHost, announced = () => null, log, events, registry, now } = deps;
  const store = openCertificateStore({ dir, publicHost, announced, now });
  const mayFollow = createFollowing(log);
  const tellFaults = createFaultTeller(log);
  const tellEnds = createEndWarnings({ log, events, now });

  const ensure = async () => {
    if (files !== null || !makes) return;
    const reason = await store.ensureServer(mayFollow);
    if (reason === null) return;
    log.info({ reason }, 'made a server certificate');
    events.record({ kind: 'certificate_renewed', actor: 'server', detail: { reason } });
  };
  const read = (inUse: State | null) => readState({ store, files, now }, inUse);
  const stamp = () =>
    [...store.watched, ...(files === null ? [] : [files.cert, files.key])]
      .map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0)
      .join(' ');

  await ensure();
  let ensuredAt = now();
  let ensuredNames = store.names().join();
  let seen = stamp();
  let state = await read(null);
  let served = JSON.stringify(state.material);
  let listed = await store.list();
  let failure: Fault | null = null;
  let timer: NodeJS.Timeout | undefined;
  let looking = false;
  let onChange: (material: TlsMaterial) => void = () => {};

  /** What counts: the certificate that is served, and all of ours that are still trusted. */
  const counting = (): Named[] => [
    ...listed.flatMap((one) => ('fault' in one || one.name === 'server' || one.issuer === null ? [] : [one])),
    { name: 'server', ...state.server },
  ];
  measureEnds(registry, counting);

  const listedFaults = () =>
    listed.filter((one) => 'fault' in one && one.name !== 'server' && one.name !== 'ca-next') as Fault[];
  const tell = () => {
    const { path, certificate } = state.server;
    const unnamed = files !== null && publicHost !== null && !covers(certificate, publicHost);
    const fault = `does not name PUBLIC_HOST ${publicHost}: devices that check it do not connect`;
    tellFaults({
      errors: failure === null ? state.faults : [...state.faults, failure],
      warnings: unnamed ? [...listedFaults(), { path, fault }] : listedFaults(),
    });
    tellEnds(counting());
  };

  const checkAndRead = async () => {
    const due = Math.abs(now() - ensuredAt) > CHECK_EVERY_MS;
    const names = store.names().join();
    if (due || names !== ensuredNames || stamp() !== seen) {
      await ensure();
      ensuredAt = now();
      ensuredNames = names;
    }
    const stamped = stamp();
    const changed = stamped !== seen;
    if (changed || failure !== null || state.faults.length > 0) state = await read(state);
    if (changed || (due && listedFaults().length > 0)) listed = await store.list();
    const serving = JSON.stringify(state.material);
    if (serving !== served) {
      log.info({ sha256: state.server.certificate.fingerprint256 }, 'certificates were read again');
      onChange(state.material);
      served = serving;
    }
    seen = stamped;
  };

  const look = async () => {
    if (looking) return;
    looking = true;
    try {
      await checkAndRead();
      failure = null;
    } catch (error) {
      failure = { path: dir, fault: `is not read, and what was read last goes on: ${messageOf(error)}` };
    }
    tell();
    looking = false;
  };

  return {
    material: () => state.material,
    fingerprints: () => state.fingerprints,
    hosts: () => (publicHost === null ? (state.hosts ?? reachableHosts(announced())) : [publicHost]),
    bundle: () => state.material.caPem,
    reports: () => certificateReports(counting(), now()),
    caPath: store.caPath,
    look,
    start: (listener) => {
      onChange = listener;
      tell();
      timer = setInterval(() => void look(), LOOK_EVERY_MS);
    },
    stop: () => clearInterval(timer),
  };
}
