import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { Log } from '../db/domain/ports.ts';
import { writeFileDurably } from '../db/durable-file.ts';
import {
  issueDevice,
  issueServer,
  type KeyAndCertificate,
  makeAuthority,
  newKey,
  readAuthority,
} from './issue.ts';

/** A server certificate is made anew when it has less than this left. */
const RENEW_BEFORE_MS = 30 * 86_400_000;

export interface Certificates {
  ca: { certPem: string; fingerprintSha256: string };
  server: KeyAndCertificate;
  /** Path of the CA's certificate, which devices and apps must trust. */
  caPath: string;
  /** A key and certificate with which a device logs in without a password. */
  issueDevice(deviceId: string): Promise<KeyAndCertificate>;
}

/** Names and addresses by which this machine may be called, `.local` for mDNS too. */
export function localNames(): string[] {
  const host = hostname().toLowerCase();
  const names = ['localhost', '127.0.0.1', '::1'];
  if (/^[a-z0-9.-]+$/.test(host)) {
    const first = host.split('.', 1)[0] ?? host;
    names.push(host, first, `${first}.local`);
  }
  for (const addresses of Object.values(networkInterfaces())) {
    for (const { address } of addresses ?? []) names.push(address.split('%', 1)[0] ?? address);
  }
  return [...new Set(names)];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

/** The reason to make the server's certificate anew, or null. */
function outdated(
  server: X509Certificate,
  ca: X509Certificate,
  names: readonly string[],
  now: number,
): string | null {
  if (!server.checkIssued(ca) || !server.verify(ca.publicKey)) return 'the CA is another';
  if (Date.parse(server.validTo) - now < RENEW_BEFORE_MS) return 'it ends soon';
  if (Date.parse(server.validFrom) > now) return 'it is not valid yet';
  const uncovered = names.find((name) =>
    isIP(name) === 0 ? !server.checkHost(name) : !server.checkIP(name),
  );
  return uncovered === undefined ? null : `${uncovered} is a new name of this machine`;
}

/** Reads what is there, and makes what is missing or outdated: the CA once, the server's certificate when it must be. */
export async function openCertificates(options: {
  dir: string;
  log: Log;
  now?: () => number;
}): Promise<Certificates> {
  const { dir, log, now = Date.now } = options;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const path = (name: string) => join(dir, name);

  const keep = (name: string, pair: KeyAndCertificate) => {
    writeFileDurably(path(`${name}.key`), pair.keyPem, 0o600);
    writeFileDurably(path(`${name}.crt`), pair.certPem, 0o644);
  };

  const openAuthority = async () => {
    const hasCert = existsSync(path('ca.crt'));
    if (!existsSync(path('ca.key'))) {
      if (hasCert) {
        throw new Error(
          `${path('ca.key')} is missing: restore it, or remove ca.crt to make a new CA (devices must then trust the new one)`,
        );
      }
      writeFileDurably(path('ca.key'), await newKey(), 0o600);
    }
    if (!hasCert) writeFileDurably(path('ca.crt'), await makeAuthority(read(path('ca.key')), now()), 0o644);
    const pair = { keyPem: read(path('ca.key')), certPem: read(path('ca.crt')) };
    try {
      if (!new X509Certificate(pair.certPem).checkPrivateKey(createPrivateKey(pair.keyPem))) {
        throw new Error('the key belongs to another certificate');
      }
      return { pem: pair.certPem, authority: await readAuthority(pair) };
    } catch (error) {
      throw new Error(
        `${path('ca.crt')} or ca.key is damaged: restore both from a backup, or remove both to make a new CA`,
        { cause: error },
      );
    }
  };

  const { pem, authority } = await openAuthority();
  const ca = new X509Certificate(pem);
  const names = localNames();

  const reasonToIssue = (): string | null => {
    if (!existsSync(path('server.crt')) || !existsSync(path('server.key'))) return 'there is none';
    try {
      const server = new X509Certificate(read(path('server.crt')));
      if (!server.checkPrivateKey(createPrivateKey(read(path('server.key'))))) return 'its key is another';
      return outdated(server, ca, names, now());
    } catch {
      return 'the file is damaged';
    }
  };

  const reason = reasonToIssue();
  if (reason !== null) {
    keep('server', await issueServer(authority, names, now()));
    log.info({ reason, names }, 'made a server certificate');
  }
  return {
    ca: { certPem: pem, fingerprintSha256: ca.fingerprint256 },
    server: { keyPem: read(path('server.key')), certPem: read(path('server.crt')) },
    caPath: path('ca.crt'),
    issueDevice: (deviceId) => issueDevice(authority, deviceId, now()),
  };
}
