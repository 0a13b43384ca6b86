import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { type Ca, CertificateError, certificatesOf, issuedBy, readAuthorities } from './authorities.ts';
import { certificateFiles, checkPair, messageOf, type ReadFile } from './files.ts';
import type { KeyAndCertificate } from './issue.ts';
import { covers, localNames, namesOf } from './names.ts';

/** A server certificate is made anew when it has less than this left. */
const RENEW_BEFORE_MS = 30 * 86_400_000;

export type Listed = ReadFile & {
  /** `ca`, `ca-next`, `server`, or `device <id>`; `devices` for a folder that cannot be read. */
  name: string;
  /** Of a certificate of a device, which CA issued it; null: none that is trusted. */
  issuer?: 'ca' | 'ca-next' | null;
};

/**
 * Addresses that are not of now stay in a certificate that is made for a new one, so many at most: one that comes and goes
 * makes one certificate, not one each time.
 */
const MAX_FORMER = 32;

/** Why the server's certificate is to be made anew. `former`: addresses to be kept, as nothing but a new name is the reason. */
interface Outdated {
  reason: string;
  former: string[] | null;
}

/** null: it is as it should be. */
function outdated(
  server: X509Certificate,
  ca: X509Certificate,
  names: readonly string[],
  now: number,
): Outdated | null {
  const anew = (reason: string): Outdated => ({ reason, former: null });
  if (!issuedBy(server, ca)) return anew('the CA is another');
  if (Date.parse(server.validTo) - now < RENEW_BEFORE_MS) return anew('it ends soon');
  if (Date.parse(server.validFrom) > now) return anew('it is not valid yet');
  const uncovered = names.find((name) => !covers(server, name));
  if (uncovered === undefined) return null;
  const former = namesOf(server).filter((name) => isIP(name) !== 0 && !names.includes(name));
  return { reason: `${uncovered} is a new name of this machine`, former: former.slice(0, MAX_FORMER) };
}

/**
 * The certificates of one folder. While a CA is being rotated there are two, `ca` and `ca-next`: certificates of devices
 * are issued by the new one and those of both are accepted, and the server keeps the certificate of the old one until
 * every device has learnt the new one and the old one is dropped.
 */
export function openCertificateStore(options: {
  dir: string;
  /** How devices are told to reach this machine, beside its own names. */
  publicHost?: string | null;
  /** The name that it announces itself by, with `.local`; null: it does not. */
  announced?: () => string | null;
  now?: () => number;
}) {
  const { dir, publicHost = null, announced = () => null, now = Date.now } = options;
  const names = () => localNames([publicHost, announced()].filter((name) => name !== null));
  const files = certificateFiles(dir);
  const authorities = () => readAuthorities(files, now());

  /** For what a person does with the next CA. */
  const soundAuthorities = async () => {
    const { nextFault, ...rest } = await authorities();
    if (nextFault !== null) throw new CertificateError(`${nextFault.path} ${nextFault.fault}`);
    return rest;
  };

  const whyAnew = (ca: Ca, wanted: readonly string[]): Outdated | null => {
    const anew = (reason: string): Outdated => ({ reason, former: null });
    if (!files.has('server.pem')) return anew('there is none');
    try {
      return outdated(checkPair(files.readPair('server.pem')), ca.certificate, wanted, now());
    } catch {
      return anew('the file is damaged');
    }
  };

  const renewServer = async (wanted: readonly string[] = names()): Promise<void> => {
    const { current } = await authorities();
    const { issueServer } = await import('./issue.ts');
    files.writePair('server.pem', await issueServer(current, wanted, now()));
  };

  const listServer = (): Listed[] => {
    const path = files.path('server.pem');
    if (!files.has('server.pem')) return [];
    try {
      return [{ name: 'server', path, certificate: checkPair(files.readPair('server.pem')) }];
    } catch (error) {
      return [{ name: 'server', path, fault: `is damaged: ${messageOf(error)}` }];
    }
  };

  const listDevices = (bundle: string): Listed[] => {
    const [current, ...others] = certificatesOf(bundle).map((pem) => new X509Certificate(pem));
    // By name and key id, without the signature: there may be thousands, and nothing is decided by it.
    const issuerOf = (certificate: X509Certificate) => {
      if (current !== undefined && certificate.checkIssued(current)) return 'ca';
      return others.some((ca) => certificate.checkIssued(ca)) ? 'ca-next' : null;
    };
    const devices = files.devices();
    if (!(devices instanceof Map)) return [{ name: 'devices', ...devices }];
    return [...devices].map(([id, file]) => {
      const name = `device ${id}`;
      return 'fault' in file ? { name, ...file } : { name, ...file, issuer: issuerOf(file.certificate) };
    });
  };

  const list = async (): Promise<Listed[]> => {
    const { current, next, nextFault, bundle } = await authorities();
    const path = files.path('ca.crt');
    return [
      { name: 'ca', path, certificate: current.certificate },
      ...(next === null ? [] : [{ name: 'ca-next', path, certificate: next.certificate }]),
      ...(nextFault === null ? [] : [{ name: 'ca-next', ...nextFault }]),
      ...listServer(),
      ...listDevices(bundle),
    ];
  };

  return {
    authorities,
    renewServer,
    list,
    caPath: files.path('ca.crt'),
    serverPath: files.path('server.pem'),
    /** Files and folders that change when a certificate does. */
    watched: ['ca.crt', 'ca.key', 'ca-next.key', 'server.pem', 'devices'].map(files.path),
    server: (): KeyAndCertificate => files.readPair('server.pem'),

    /** What the server's certificate is to name. */
    names,

    /**
     * Makes the server's certificate anew when it must be; gives the reason. `mayFollow` is asked where a new name alone is
     * the reason.
     */
    ensureServer: async (mayFollow = () => true): Promise<string | null> => {
      const wanted = names();
      const found = whyAnew((await authorities()).current, wanted);
      if (found === null || (found.former !== null && !mayFollow())) return null;
      await renewServer([...wanted, ...(found.former ?? [])]);
      return found.reason;
    },

    /** A second CA, trusted beside the first. Errors: CertificateError when a rotation is under way. */
    beginRotation: async (): Promise<Ca> => {
      if ((await soundAuthorities()).next !== null) {
        throw new CertificateError(
          'a rotation is under way: give ca.crt to the devices, then end it with: npm run certs -- rotate-ca --drop-old',
        );
      }
      const { makeAuthority, newKey } = await import('./issue.ts');
      const keyPem = await newKey();
      // Key and certificate at once: a server that looks just then makes no other certificate of the key.
      files.writePair('ca-next.key', { keyPem, certPem: await makeAuthority(keyPem, now()) });
      const { next } = await soundAuthorities();
      if (next === null) throw new Error('the new CA is gone');
      return next;
    },

    /**
     * The new CA takes the place of the old one. `cutOff`: devices whose certificates are refused from then on. Errors:
     * CertificateError when there is none.
     */
    dropOldCa: async (): Promise<{ ca: Ca; cutOff: string[] }> => {
      const { next, bundle } = await soundAuthorities();
      if (next === null) {
        throw new CertificateError('there is one CA only: begin with: npm run certs -- rotate-ca');
      }
      const cutOff = listDevices(bundle).filter(({ issuer }) => issuer === 'ca');
      // One step: from here on the old certificate has no key, and is dropped wherever it is read.
      files.move('ca-next.key', 'ca.key');
      const { current: ca } = await authorities();
      await renewServer();
      return { ca, cutOff: cutOff.map(({ name }) => name) };
    },

    /** Made by the newest CA. Its files are kept for `list`. */
    issueDevice: async (deviceId: string): Promise<KeyAndCertificate & { caPem: string }> => {
      const { current, next, bundle: caPem } = await soundAuthorities();
      const { issueDevice } = await import('./issue.ts');
      return { ...(await issueDevice(next ?? current, deviceId, now())), caPem };
    },
    device: files.device,
    writeDevice: files.writeDevice,
  };
}

export type CertificateStore = ReturnType<typeof openCertificateStore>;
