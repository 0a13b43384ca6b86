import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, writeFileDurably } from '../db/durable-file.ts';
import type { KeyAndCertificate } from './issue.ts';

/** A file that is of no use. `fault` goes on where the path ends: "is no certificate in PEM". */
export interface Fault {
  path: string;
  fault: string;
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

/** Throws when the texts are no PEM of a certificate and its own key. */
export function checkPair({ keyPem, certPem }: KeyAndCertificate): X509Certificate {
  const certificate = new X509Certificate(certPem);
  if (!certificate.checkPrivateKey(createPrivateKey(keyPem))) {
    throw new Error('the key belongs to another certificate');
  }
  return certificate;
}

export type ReadFile = { path: string; certificate: X509Certificate } | Fault;

/** The first certificate of a file, or what keeps it from being read. */
function readCertificate(path: string): ReadFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return { path, fault: `cannot be read: ${messageOf(error)}` };
  }
  try {
    return { path, certificate: new X509Certificate(text) };
  } catch {
    return { path, fault: 'is no certificate in PEM' };
  }
}

const KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+-----END [A-Z ]*PRIVATE KEY-----\n?/;
/**
 * `public`: `ca.crt` alone. It is no secret (`GET /api/ca.crt` gives it to anybody), and a copy of it, which keeps the
 * mode, is read by programs of other users.
 */
const MODE = { secret: 0o600, public: 0o644 };
const DEVICES = 'devices';

/** The folder of certificates: what lies where. Every file is replaced whole. */
export function certificateFiles(dir: string) {
  makeFolder(dir);
  const path = (name: string) => join(dir, name);
  const has = (name: string) => existsSync(path(name));
  const read = (name: string) => readText(path(name));
  const write = (name: string, content: string, kind: keyof typeof MODE) =>
    writeFileDurably(path(name), content, MODE[kind]);
  // A suffix follows: no id, not even `..`, names anything but a file in the folder.
  const devicePath = (id: string, suffix: string) => path(join(DEVICES, `${id}.${suffix}`));

  return {
    path,
    devicesPath: path(DEVICES),
    has,
    read,
    write,
    move: (from: string, to: string) => renameSync(path(from), path(to)),

    /** Key and certificate in one file, so that neither is ever seen without the other. */
    readPair: (name: string): KeyAndCertificate => {
      const text = read(name);
      return { keyPem: KEY.exec(text)?.[0] ?? '', certPem: text.replace(KEY, '') };
    },
    writePair: (name: string, { keyPem, certPem }: KeyAndCertificate) =>
      write(name, keyPem + certPem, 'secret'),

    /** Gives the path of what was written. */
    writeDevice: (id: string, suffix: 'key' | 'crt' | 'p12', content: string | Uint8Array): string => {
      makeFolder(path(DEVICES));
      const file = devicePath(id, suffix);
      writeFileDurably(file, content, MODE.secret);
      return file;
    },
    /** The certificate that was made for a device, or null. */
    device: (id: string): ReadFile | null => {
      const file = devicePath(id, 'crt');
      return existsSync(file) ? readCertificate(file) : null;
    },
    /** Certificates that were made for devices, by device id; a Fault when the folder itself cannot be read. */
    devices: (): Map<string, ReadFile> | Fault => {
      if (!has(DEVICES)) return new Map();
      try {
        const ids = readdirSync(path(DEVICES))
          .filter((name) => name.endsWith('.crt'))
          .map((name) => name.slice(0, -'.crt'.length));
        return new Map(ids.sort().map((id) => [id, readCertificate(devicePath(id, 'crt'))]));
      } catch (error) {
        return { path: path(DEVICES), fault: `cannot be read: ${messageOf(error)}` };
      }
    },
  };
}

export type CertificateFiles = ReturnType<typeof certificateFiles>;
