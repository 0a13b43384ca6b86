import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileDurably } from '../db/durable-file.ts';
import type { KeyAndCertificate } from './issue.ts';

export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
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

const KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+-----END [A-Z ]*PRIVATE KEY-----\n?/;
const MODE = { secret: 0o600, public: 0o644 };
const DEVICES = 'devices';

/** The folder of certificates: what lies where. Every file is replaced whole. */
export function certificateFiles(dir: string) {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const path = (name: string) => join(dir, name);
  const has = (name: string) => existsSync(path(name));
  const read = (name: string) => readText(path(name));
  const write = (name: string, content: string, kind: keyof typeof MODE) =>
    writeFileDurably(path(name), content, MODE[kind]);
  // A suffix follows: no id, not even `..`, names anything but a file in the folder.
  const deviceFile = (id: string, suffix: string) => join(DEVICES, `${id}.${suffix}`);

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
      mkdirSync(path(DEVICES), { recursive: true, mode: 0o700 });
      const file = path(deviceFile(id, suffix));
      writeFileDurably(file, content, MODE.secret);
      return file;
    },
    /** Certificates that were made for devices, by device id. */
    devices: (): Map<string, string> => {
      const names = has(DEVICES) ? readdirSync(path(DEVICES)).filter((name) => name.endsWith('.crt')) : [];
      return new Map(
        names
          .map((name) => name.slice(0, -'.crt'.length))
          .sort()
          .map((id) => [id, read(deviceFile(id, 'crt'))]),
      );
    },
  };
}

export type CertificateFiles = ReturnType<typeof certificateFiles>;
