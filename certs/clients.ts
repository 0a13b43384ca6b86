import { X509Certificate } from 'node:crypto';
import { certificatesOf, issuedBy } from './authorities.ts';

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

/**
 * Is it one for clients that a CA of this bundle (PEM) has issued, whatever the time? That its key is there has been
 * shown in the handshake.
 */
export const isForClients = (certificate: X509Certificate, bundle: string): boolean =>
  // Node's types do not know that there may be none.
  ((certificate.keyUsage as string[] | undefined)?.includes(CLIENT_AUTH) ?? false) &&
  certificatesOf(bundle).some((pem) => issuedBy(certificate, new X509Certificate(pem)));
