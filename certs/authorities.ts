import { createPrivateKey, X509Certificate } from 'node:crypto';
import { type CertificateFiles, checkPair, type Fault, messageOf } from './files.ts';
import type { KeyAndCertificate } from './issue.ts';

/** A mistake of whoever asked, or a file that a person must mend; the message says what to do. */
export class CertificateError extends Error {}

export interface Ca extends KeyAndCertificate {
  certificate: X509Certificate;
}

export interface Authorities {
  current: Ca;
  /** While a rotation is under way. */
  next: Ca | null;
  /** `ca-next.key` is there and of no use. What it has issued stays trusted until a person has decided. */
  nextFault: Fault | null;
  /** Content of `ca.crt`: what devices must trust, and whose certificates they may log in with. PEM. */
  bundle: string;
}

const CA = 'ca.crt';
const KEY = 'ca.key';
const NEXT_KEY = 'ca-next.key';
const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

export const certificatesOf = (text: string): string[] =>
  [...text.matchAll(BLOCK)].map(([pem]) => `${pem}\n`);

export const issuedBy = (certificate: X509Certificate, ca: X509Certificate): boolean =>
  certificate.checkIssued(ca) && certificate.verify(ca.publicKey);

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

/**
 * The CA of a key file. Its certificate stands beside the key, or in `ca.crt`, or is made: the key alone is enough.
 * `mustBeThere`: it is not made.
 */
async function openCa(
  files: CertificateFiles,
  name: string,
  known: readonly string[],
  now: number | 'mustBeThere',
): Promise<Ca> {
  const { keyPem, certPem: beside } = files.readPair(name);
  if (keyPem === '') throw new Error('it holds no private key in PEM');
  const found = certificateOf(keyPem, [...certificatesOf(beside), ...known]);
  if (found === null && now === 'mustBeThere') throw new Error('its certificate is not in ca.crt');
  const { asymmetricKeyDetails } = createPrivateKey(keyPem);
  if (asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new Error('its key is not one of P-256');
  const certPem = found ?? (await (await import('./issue.ts')).makeAuthority(keyPem, Number(now)));
  return { keyPem, certPem, certificate: new X509Certificate(certPem) };
}

async function openCurrent(files: CertificateFiles, known: readonly string[] | null, now: number) {
  if (!files.has(KEY)) {
    if (known !== null) {
      throw new CertificateError(
        `${files.path(KEY)} is missing: restore it, or remove ca.crt to make a new CA (devices must then trust the new one)`,
      );
    }
    const { newKey } = await import('./issue.ts');
    files.write(KEY, await newKey(), 'secret');
  }
  try {
    // A ca.crt in which there is no certificate any more is as good as lost: the key is enough.
    return await openCa(files, KEY, known ?? [], known === null || known.length === 0 ? now : 'mustBeThere');
  } catch (error) {
    throw new CertificateError(
      `${files.path(CA)} or ca.key is damaged: restore both from a backup, or remove both to make a new CA (${messageOf(error)})`,
    );
  }
}

async function openNext(files: CertificateFiles, known: readonly string[], now: number): Promise<Ca | Fault> {
  try {
    return await openCa(files, NEXT_KEY, known, now);
  } catch (error) {
    const fault = `is of no use (${messageOf(error)}): restore it from a backup, or remove it to end the rotation`;
    return { path: files.path(NEXT_KEY), fault };
  }
}

/**
 * The keys say which CAs there are, and `ca.crt` holds their certificates. A certificate without its key has been
 * dropped. Makes what is missing. Errors: CertificateError.
 */
export async function readAuthorities(files: CertificateFiles, now: number): Promise<Authorities> {
  const text = files.has(CA) ? files.read(CA) : null;
  const known = text === null ? null : certificatesOf(text);
  const current = await openCurrent(files, known, now);
  const opened = files.has(NEXT_KEY) ? await openNext(files, known ?? [], now) : null;
  const nextFault = opened !== null && 'fault' in opened ? opened : null;
  const next = opened !== null && 'certPem' in opened ? opened : null;
  // Of a key that cannot be read the certificate is kept, or what it has issued would be refused.
  const kept = nextFault === null ? [] : (known ?? []).filter((pem) => pem !== current.certPem);
  const bundle = [current.certPem, ...(next === null ? kept : [next.certPem])].join('');
  if (bundle !== text) files.write(CA, bundle, 'public');
  return { current, next, nextFault, bundle };
}
