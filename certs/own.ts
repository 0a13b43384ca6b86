import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { type Fault, messageOf, readText } from './files.ts';
import type { KeyAndCertificate } from './issue.ts';

/** Paths of PEM files: an operator's own certificate with its chain, and its key. */
export interface OwnFiles {
  cert: string;
  key: string;
}

/** One of the operator's files is of no use. */
export class OwnFileError extends Error implements Fault {
  readonly path: string;
  readonly fault: string;

  constructor(variable: 'TLS_CERT' | 'TLS_KEY', path: string, fault: string) {
    super(`${variable}: ${path} ${fault}`);
    this.path = path;
    this.fault = fault;
  }
}

const ENCRYPTED = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;

function read(variable: 'TLS_CERT' | 'TLS_KEY', path: string): string {
  try {
    return readText(path);
  } catch (error) {
    const { cause } = error as Error;
    throw new OwnFileError(variable, path, `cannot be read: ${messageOf(cause)}`);
  }
}

export interface OwnCertificate extends KeyAndCertificate {
  certificate: X509Certificate;
}

/** Errors: OwnFileError, which names the variable, the path and what is wrong. */
export function readOwn({ cert, key }: OwnFiles): OwnCertificate {
  const certPem = read('TLS_CERT', cert);
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(certPem);
  } catch {
    throw new OwnFileError('TLS_CERT', cert, 'holds no certificate: a PEM file is needed');
  }
  const keyPem = read('TLS_KEY', key);
  if (ENCRYPTED.test(keyPem)) {
    throw new OwnFileError(
      'TLS_KEY',
      key,
      'is encrypted with a password: a key without one is needed, as openssl pkey -in … -out … writes it',
    );
  }
  let fits: boolean;
  try {
    fits = certificate.checkPrivateKey(createPrivateKey(keyPem));
  } catch {
    throw new OwnFileError('TLS_KEY', key, 'holds no private key: a PEM file is needed');
  }
  if (!fits)
    throw new OwnFileError('TLS_KEY', key, `is the key of another certificate than TLS_CERT ${cert}`);
  try {
    createSecureContext({ cert: certPem, key: keyPem });
  } catch (error) {
    throw new OwnFileError('TLS_CERT', cert, `cannot be served: ${messageOf(error)}`);
  }
  return { certPem, keyPem, certificate };
}

/** What is wrong with the files, as a line for whoever set the variables, or null. A time that is over is no fault here. */
export function faultOfOwn(files: OwnFiles): string | null {
  try {
    readOwn(files);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}
