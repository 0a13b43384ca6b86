import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { certificateFiles, checkPair } from './files.ts';
import {
  type Authority,
  issueDevice,
  issueServer,
  type KeyAndCertificate,
  makeAuthority,
  newKey,
  readAuthority,
} from './issue.ts';
import { localNames } from './names.ts';

/** A server certificate is made anew when it has less than this left. */
const RENEW_BEFORE_MS = 30 * 86_400_000;

export interface Ca {
  certPem: string;
  certificate: X509Certificate;
  authority: Authority;
}

export interface Listed {
  /** `ca`, `ca-next`, `server`, or `device <id>`. */
  name: string;
  certificate: X509Certificate;
}

/** A mistake of whoever asked; the message says what to do. */
export class CertificateError extends Error {}

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

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificate of a key among those of a file, or null. */
function certificateOf(keyPem: string, pems: readonly string[]): string | null {
  const fits = (certPem: string) => {
    try {
      checkPair({ keyPem, certPem });
      return true;
    } catch {
      return false;
    }
  };
  return pems.find(fits) ?? null;
}

async function toCa(keyPem: string, certPem: string): Promise<Ca> {
  const authority = await readAuthority({ keyPem, certPem });
  return { certPem, certificate: new X509Certificate(certPem), authority };
}

/**
 * The certificates of one folder. While a CA is being rotated there are two, `ca` and `ca-next`: certificates of devices
 * are issued by the new one and those of both are accepted, and the server keeps the certificate of the old one until
 * every device has learnt the new one and the old one is dropped.
 */
export function openCertificateStore({ dir, now = Date.now }: { dir: string; now?: () => number }) {
  const files = certificateFiles(dir);

  /**
   * The keys say which CAs there are, and `ca.crt` holds their certificates: what devices must trust. A certificate
   * without its key has been dropped. Makes what is missing. Errors: CertificateError.
   */
  const authorities = async (): Promise<{ current: Ca; next: Ca | null }> => {
    const known = files.has('ca.crt');
    if (!files.has('ca.key')) {
      if (known) {
        throw new CertificateError(
          `${files.path('ca.key')} is missing: restore it, or remove ca.crt to make a new CA (devices must then trust the new one)`,
        );
      }
      files.write('ca.key', await newKey(), 'secret');
    }
    const text = known ? files.read('ca.crt') : '';
    const pems = [...text.matchAll(BLOCK)].map(([pem]) => `${pem}\n`);
    const open = async (name: string, mustBeThere: boolean) => {
      const keyPem = files.read(name);
      const found = certificateOf(keyPem, pems);
      if (found === null && mustBeThere) {
        throw new CertificateError(
          `${files.path('ca.crt')} or ${name} is damaged: restore both from a backup, or remove both to make a new CA`,
        );
      }
      return toCa(keyPem, found ?? (await makeAuthority(keyPem, now())));
    };
    const current = await open('ca.key', known);
    const next = files.has('ca-next.key') ? await open('ca-next.key', false) : null;
    const bundle = current.certPem + (next?.certPem ?? '');
    if (bundle !== text) files.write('ca.crt', bundle, 'public');
    return { current, next };
  };

  const whyAnew = (ca: Ca, names: readonly string[]): string | null => {
    if (!files.has('server.pem')) return 'there is none';
    try {
      return outdated(checkPair(files.readPair('server.pem')), ca.certificate, names, now());
    } catch {
      return 'the file is damaged';
    }
  };

  const renewServer = async (names = localNames()): Promise<void> => {
    const { current } = await authorities();
    files.writePair('server.pem', await issueServer(current.authority, names, now()));
  };

  return {
    authorities,
    renewServer,
    caPath: files.path('ca.crt'),
    keyPath: files.path('ca.key'),
    serverPath: files.path('server.pem'),
    devicesPath: files.devicesPath,
    server: (): KeyAndCertificate => files.readPair('server.pem'),

    /** Makes the server's certificate anew when it must be; gives the reason. */
    ensureServer: async (): Promise<string | null> => {
      const names = localNames();
      const reason = whyAnew((await authorities()).current, names);
      if (reason !== null) await renewServer(names);
      return reason;
    },

    /** A second CA, trusted beside the first. Errors: CertificateError when a rotation is under way. */
    beginRotation: async (): Promise<Ca> => {
      if ((await authorities()).next !== null) {
        throw new CertificateError(
          'a rotation is under way: give ca.crt to the devices, then end it with: npm run certs -- rotate-ca --drop-old',
        );
      }
      files.write('ca-next.key', await newKey(), 'secret');
      const { next } = await authorities();
      if (next === null) throw new Error('the new CA is gone');
      return next;
    },

    /** The new CA takes the place of the old one. Errors: CertificateError when there is none. */
    dropOldCa: async (): Promise<Ca> => {
      if ((await authorities()).next === null) {
        throw new CertificateError('there is one CA only: begin with: npm run certs -- rotate-ca');
      }
      // One step: from here on the old certificate has no key, and is dropped wherever it is read.
      files.move('ca-next.key', 'ca.key');
      const { current } = await authorities();
      await renewServer();
      return current;
    },

    /** Made by the newest CA. Its files are kept for `list`. */
    issueDevice: async (deviceId: string): Promise<KeyAndCertificate & { caPem: string }> => {
      const { current, next } = await authorities();
      const pair = await issueDevice((next ?? current).authority, deviceId, now());
      return { ...pair, caPem: current.certPem + (next?.certPem ?? '') };
    },

    writeDevice: files.writeDevice,

    list: async (): Promise<Listed[]> => {
      const { current, next } = await authorities();
      const of = (name: string, pem: string): Listed => ({ name, certificate: new X509Certificate(pem) });
      return [
        of('ca', current.certPem),
        ...(next === null ? [] : [of('ca-next', next.certPem)]),
        ...(files.has('server.pem') ? [of('server', files.readPair('server.pem').certPem)] : []),
        ...[...files.devices()].map(([id, pem]) => of(`device ${id}`, pem)),
      ];
    },
  };
}

export type CertificateStore = ReturnType<typeof openCertificateStore>;

export const daysLeft = (certificate: X509Certificate, now: number): number =>
  Math.floor((Date.parse(certificate.validTo) - now) / 86_400_000);
