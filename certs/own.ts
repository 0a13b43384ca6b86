import { checkPair, readText } from './files.ts';
import type { KeyAndCertificate } from './issue.ts';

/** Paths of PEM files. */
export interface OwnFiles {
  cert: string;
  key: string;
}

export function readOwn(files: OwnFiles): KeyAndCertificate {
  return { certPem: readText(files.cert), keyPem: readText(files.key) };
}

/** What is wrong with an operator's own certificate and key, or null. */
export function faultOfOwn(files: OwnFiles, now: number): string | null {
  try {
    const { validTo } = checkPair(readOwn(files));
    return Date.parse(validTo) < now ? `the certificate ended on ${validTo}` : null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
