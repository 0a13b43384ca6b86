// Imported where a certificate is made, and not before: with what it needs it takes some 10 MB, and most starts make none.
// The library's dependency injection needs it, and leaves it to the program to load it first.
import 'reflect-metadata';
import { createHash, createPrivateKey, createPublicKey, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';
import { newSerial } from './serial.ts';

type CryptoKey = webcrypto.CryptoKey;

x509.cryptoProvider.set(webcrypto);

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const;
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

const DAY_MS = 86_400_000;
export const CA_DAYS = 3650;
/** The longest that Apple's systems accept. */
export const SERVER_DAYS = 397;
const DEVICE_DAYS = 3650;
/** Clocks of devices run a little behind. */
const BACKDATED_MS = DAY_MS;

export interface KeyAndCertificate {
  keyPem: string;
  certPem: string;
}

const newKeys = () =>
  webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;

async function keyPem(key: CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', key);
  return `${x509.PemConverter.encode(der, 'PRIVATE KEY')}\n`;
}

const certPem = (certificate: x509.X509Certificate) => `${certificate.toString('pem')}\n`;

function validity(now: number, days: number) {
  return { notBefore: new Date(now - BACKDATED_MS), notAfter: new Date(now + days * DAY_MS) };
}

export async function newKey(): Promise<string> {
  return keyPem((await newKeys()).privateKey);
}

async function keysOf(pem: string): Promise<webcrypto.CryptoKeyPair> {
  const der = x509.PemConverter.decodeFirst(pem);
  const privateKey = await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, true, ['sign']);
  const spki = createPublicKey(createPrivateKey(pem)).export({ type: 'spki', format: 'der' });
  const publicKey = await webcrypto.subtle.importKey('spki', spki, ALGORITHM, true, ['verify']);
  return { privateKey, publicKey };
}

/**
 * The CA of a key. Its name is made of the key: a certificate that was lost and is made again verifies what the
 * first one did, and whoever trusts the first one trusts what is issued now.
 */
export async function makeAuthority(pem: string, now: number): Promise<string> {
  const keys = await keysOf(pem);
  const id = createHash('sha256').update(
    createPublicKey(createPrivateKey(pem)).export({ type: 'spki', format: 'der' }),
  );
  const name = `PM IoT CA ${id.digest('hex').slice(0, 8)}`;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(now),
    name: [{ CN: [name] }, { O: ['PM IoT'] }],
    ...validity(now, CA_DAYS),
    keys,
    signingAlgorithm: SIGNING,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return certPem(certificate);
}

async function readAuthority({ keyPem: key, certPem: cert }: KeyAndCertificate) {
  const der = x509.PemConverter.decodeFirst(key);
  const signingKey = await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
  return { certificate: new x509.X509Certificate(cert), signingKey };
}

async function issue(
  authority: KeyAndCertificate,
  now: number,
  about: { name: string; days: number; usage: string; extensions: x509.Extension[] },
): Promise<KeyAndCertificate> {
  const { certificate: ca, signingKey } = await readAuthority(authority);
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(now),
    subject: [{ CN: [about.name] }],
    issuer: ca.subjectName,
    ...validity(now, about.days),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: SIGNING,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([about.usage]),
      await x509.AuthorityKeyIdentifierExtension.create(ca.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ...about.extensions,
    ],
  });
  return { keyPem: await keyPem(keys.privateKey), certPem: certPem(certificate) };
}

/** `names`: host names and IP addresses that clients may use. */
export function issueServer(
  authority: KeyAndCertificate,
  names: readonly string[],
  now: number,
): Promise<KeyAndCertificate> {
  const alternatives = names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }) as const);
  return issue(authority, now, {
    name: names[0] ?? 'localhost',
    days: SERVER_DAYS,
    usage: SERVER_AUTH,
    extensions: [new x509.SubjectAlternativeNameExtension([...alternatives])],
  });
}

/** A certificate that logs a device in without a password: its CN is the device id. */
export function issueDevice(
  authority: KeyAndCertificate,
  deviceId: string,
  now: number,
): Promise<KeyAndCertificate> {
  return issue(authority, now, { name: deviceId, days: DEVICE_DAYS, usage: CLIENT_AUTH, extensions: [] });
}
