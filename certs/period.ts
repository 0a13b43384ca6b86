import type { X509Certificate } from 'node:crypto';

const DAY_MS = 86_400_000;
/** A warning is told for a certificate that has fewer days left. */
export const WARN_DAYS = 30;

export const daysLeft = (certificate: X509Certificate, now: number): number =>
  Math.floor((Date.parse(certificate.validTo) - now) / DAY_MS);

/** Why a certificate does not count at this time, or null. Goes on where its name ends. */
export function periodFault(certificate: X509Certificate, now: number): string | null {
  const { validFrom, validTo } = certificate;
  if (Date.parse(validFrom) > now) return `is not valid before ${validFrom}`;
  return Date.parse(validTo) < now ? `ended on ${validTo}` : null;
}
