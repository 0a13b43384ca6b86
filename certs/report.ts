import type { X509Certificate } from 'node:crypto';
import type { Named } from './ends.ts';
import { daysLeft } from './period.ts';

const TOLD = ['ca', 'ca-next', 'server'] as const;

/** What an admin is told of a certificate. */
export interface CertificateReport {
  name: (typeof TOLD)[number];
  subject: string;
  /** `AA:BB:…` */
  sha256: string;
  expiresAt: Date;
  daysLeft: number;
}

/** On one line. Some authorities leave the subject empty: then it is known by its other names alone. */
function subjectOf({ subject, subjectAltName }: X509Certificate): string {
  // Node's types do not know that an empty one is undefined.
  const text: string | undefined = subject;
  return text ? text.split('\n').join(', ') : (subjectAltName ?? '');
}

/** Of the server and its CAs. There may be thousands of devices: theirs are told by `npm run certs -- list`. */
export function certificateReports(certificates: readonly Named[], now: number): CertificateReport[] {
  return TOLD.flatMap((name) => {
    const found = certificates.find((one) => one.name === name);
    if (found === undefined) return [];
    const { certificate } = found;
    return {
      name,
      subject: subjectOf(certificate),
      sha256: certificate.fingerprint256,
      expiresAt: new Date(certificate.validTo),
      daysLeft: daysLeft(certificate, now),
    };
  });
}
