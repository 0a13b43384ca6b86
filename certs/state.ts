import type { X509Certificate } from 'node:crypto';
import { checkPair, type Fault } from './files.ts';
import type { KeyAndCertificate } from './issue.ts';
import { hostsOf } from './names.ts';
import { OwnFileError, type OwnFiles, readOwn } from './own.ts';
import { periodFault } from './period.ts';
import type { CertificateStore } from './store.ts';

/** What a TLS listener needs. PEM. */
export interface TlsMaterial extends KeyAndCertificate {
  /** CAs whose certificates devices may log in with. */
  caPem: string;
}

/** What is served, as it was read last. */
export interface State {
  material: TlsMaterial;
  server: { path: string; certificate: X509Certificate };
  /** SHA-256 of the CAs under which the server is known, as `AA:BB:…`; null for an operator's own certificate. */
  fingerprints: { current: string; next: string | null } | null;
  /** Under which the certificate of the operator is accepted; null for one of ours. */
  hosts: readonly string[] | null;
  /** Files in whose place something older goes on. */
  faults: Fault[];
}

async function readOurs(store: CertificateStore): Promise<State> {
  const { current, next, nextFault, bundle } = await store.authorities();
  const pair = store.server();
  return {
    // Whoever knows the CA by its fingerprint alone finds it in the handshake.
    material: { ...pair, certPem: pair.certPem + current.certPem, caPem: bundle },
    server: { path: store.serverPath, certificate: checkPair(pair) },
    fingerprints: {
      current: current.certificate.fingerprint256,
      next: next?.certificate.fingerprint256 ?? null,
    },
    hosts: null,
    faults: nextFault === null ? [] : [nextFault],
  };
}

/** `inUse` goes on where a file is of no use, and where its certificate counts and the one that was read does not. */
async function readOperators(
  store: CertificateStore,
  files: OwnFiles,
  inUse: State | null,
  now: number,
): Promise<State> {
  const { nextFault, bundle: caPem } = await store.authorities();
  const faults = nextFault === null ? [] : [nextFault];
  const keep = (state: State, fault: Fault): State => ({
    ...state,
    material: { ...state.material, caPem },
    faults: [...faults, fault],
  });
  try {
    const { certificate, ...pair } = readOwn(files);
    const fault = periodFault(certificate, now);
    if (fault !== null && inUse !== null && periodFault(inUse.server.certificate, now) === null) {
      return keep(inUse, { path: files.cert, fault: `${fault}: the one in use is kept` });
    }
    return {
      material: { ...pair, caPem },
      server: { path: files.cert, certificate },
      fingerprints: null,
      hosts: hostsOf(certificate),
      faults,
    };
  } catch (error) {
    if (inUse === null || !(error instanceof OwnFileError)) throw error;
    return keep(inUse, { path: error.path, fault: `${error.fault}: the certificate in use is kept` });
  }
}

export function readState(
  { store, files, now }: { store: CertificateStore; files: OwnFiles | null; now: () => number },
  inUse: State | null,
): Promise<State> {
  return files === null ? readOurs(store) : readOperators(store, files, inUse, now());
}
