/** What a device needs to enrol, as the server writes it for the QR code. */
export interface EnrolmentLine {
  urls: string[];
  /** null: the system's trust counts. */
  ca_sha256: string | null;
  /** While the CA is being changed. */
  ca_next_sha256?: string;
  token: string;
}

export const readLine = (line: string): EnrolmentLine => JSON.parse(line) as EnrolmentLine;

/** As openssl writes it: `AA:BB:…`. */
export const fingerprint = (hex: string): string => hex.toUpperCase().replace(/..(?!$)/g, '$&:');

export const fingerprintsOf = ({ ca_sha256, ca_next_sha256 }: EnrolmentLine): string[] =>
  [ca_sha256, ca_next_sha256].flatMap((hex) => (hex == null ? [] : [fingerprint(hex)]));

const isLoopback = (host: string) => host === 'localhost' || host === '[::1]' || /^127\./.test(host);

interface Address {
  host: string;
  port: number;
}

function addressOf(url: string): Address | null {
  try {
    const { hostname, port } = new URL(url);
    return { host: hostname, port: port === '' ? 443 : Number(port) };
  } catch {
    return null;
  }
}

/**
 * The broker over TLS, under the name that the browser uses if devices may use it too. The server's certificate is
 * for `localhost` as well, which is of no use to devices elsewhere and therefore in no line.
 */
export function brokerOf({ urls }: EnrolmentLine, hostname: string): Address | null {
  const brokers = urls.filter((url) => url.startsWith('mqtts:')).flatMap((url) => addressOf(url) ?? []);
  const [first] = brokers;
  if (first === undefined) return null;
  if (isLoopback(hostname)) return { host: 'localhost', port: first.port };
  return brokers.find(({ host }) => host === hostname) ?? first;
}

/** Where the browser has the app from. */
export interface Here {
  hostname: string;
  /** Of the server, without a slash at its end. */
  baseUrl: string;
  /** Of plain MQTT, which only programs on the server's own machine reach. */
  plainPort: number | null;
}

export interface ShellLines {
  /** Fetches the CA and throws it away if it is another; null where none is needed. */
  trust: string | null;
  register: string;
  publish: string;
}

/** A base URL over TLS: what a proxy in front shows, or the server's own listener. */
function caUrl({ urls }: EnrolmentLine, { host }: Address, { baseUrl }: Here): string {
  const own = urls.filter((url) => url.startsWith('wss:')).flatMap((url) => addressOf(url) ?? [])[0];
  const base = baseUrl.startsWith('https:') || own === undefined ? baseUrl : `https://${host}:${own.port}`;
  return `${base}/api/ca.crt`;
}

/**
 * Lines for a POSIX shell with curl, openssl and mosquitto's clients. null: no listener for devices is open.
 * What comes over the unproven connection is cut down to its first certificate, the one that the fingerprint proves.
 */
export function shellLines(line: EnrolmentLine, here: Here, deviceId: string): ShellLines | null {
  const broker = brokerOf(line, here.hostname);
  if (broker === null && here.plainPort === null) return null;
  const fingerprints = fingerprintsOf(line);
  const trustOptions = fingerprints.length > 0 ? '--cafile ca.crt' : '--tls-use-os-certs';
  const reach =
    broker === null
      ? `-h localhost -p ${here.plainPort}`
      : `-h ${broker.host.replace(/^\[|\]$/g, '')} -p ${broker.port} ${trustOptions}`;
  const client = `-V mqttv311 ${reach} -i ${deviceId} -u ${deviceId}`;
  const registration = JSON.stringify({
    device_id: deviceId,
    device_name: 'My first device',
    device_type: 'thermometer',
    capabilities: [{ capability_type: 'temperature', control_type: 'sensor', unit: '°C' }],
  });
  const reading = JSON.stringify({ capability_type: 'temperature', control_type: 'sensor', value: 21.5 });
  const trust =
    broker === null || fingerprints.length === 0
      ? null
      : [
          `curl -fsSk ${caUrl(line, broker, here)} | openssl x509 -out ca.crt`,
          `openssl x509 -in ca.crt -noout -fingerprint -sha256 \\\n  | grep -F ${fingerprints
            .map((known) => `-e ${known}`)
            .join(' ')} || rm -f ca.crt`,
        ].join('\n');
  return {
    trust,
    register: [
      `SECRET=$(mosquitto_rr ${client} -P '${line.token}' -q 1 -W 15 \\`,
      `  -t devices/register -e devices/${deviceId}/register/response \\`,
      `  -m '${registration}' \\`,
      `  | sed -n 's/.*"device_secret":"\\([^"]*\\)".*/\\1/p')`,
      'echo "$SECRET"',
    ].join('\n'),
    publish: [
      `mosquitto_pub ${client} -P "$SECRET" -q 1 \\`,
      `  -t devices/${deviceId}/sensor -m '${reading}'`,
    ].join('\n'),
  };
}
