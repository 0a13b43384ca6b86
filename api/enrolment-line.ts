/** How devices reach this server. */
export interface Reach {
  hosts: readonly string[];
  /** Bound ports by listener; one that is off is missing. */
  ports: { mqtts?: number; https?: number; mqtt?: number; http?: number };
  /**
   * SHA-256 of the CA and, while it is being changed, of the one that takes its place, as `AA:BB:…`; null for a
   * certificate that is trusted anyway.
   */
  fingerprints: { current: string; next: string | null } | null;
}

const hex = (fingerprint: string) => fingerprint.replaceAll(':', '').toLowerCase();
const hostOf = (host: string) => (host.includes(':') ? `[${host}]` : host);

/**
 * What a device or an app needs to enrol, as one line of JSON: the content of the QR code. Where nothing listens over
 * TLS there is no address to tell: a token must not cross a network in clear.
 */
export function enrolmentLine({ hosts, ports, fingerprints }: Reach, token: string): string {
  const urls = (scheme: string, port: number | undefined, path = '') =>
    port === undefined ? [] : hosts.map((host) => `${scheme}://${hostOf(host)}:${port}${path}`);
  return JSON.stringify({
    v: 1,
    urls: [...urls('mqtts', ports.mqtts), ...urls('wss', ports.https, '/mqtt').slice(0, 1)],
    ca_sha256: fingerprints === null ? null : hex(fingerprints.current),
    ...(fingerprints?.next && { ca_next_sha256: hex(fingerprints.next) }),
    token,
  });
}
