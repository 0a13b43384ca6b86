import { isLoopback } from '../db/domain/address.ts';
import type { VariableValues } from './variables/index.ts';

function plainListeners(values: VariableValues): string[] {
  if (values.ALLOW_PLAINTEXT) return [];
  const plain = [
    ['HTTP_HOST', values.HTTP_HOST, values.HTTP_PORT],
    ['MQTT_HOST', values.MQTT_HOST, values.MQTT_PORT],
  ] as const;
  return plain.flatMap(([name, host, port]) =>
    port === 'off' || isLoopback(host)
      ? []
      : `${name}: ${JSON.stringify(host)} would send passwords in plain text over the network: ` +
        'a loopback address such as 127.0.0.1 is allowed, or set ALLOW_PLAINTEXT=true',
  );
}

function halfOfAPair({ TLS_CERT: cert, TLS_KEY: key }: VariableValues): string[] {
  if ((cert === null) === (key === null)) return [];
  const [missing, set] = cert === null ? ['TLS_CERT', 'TLS_KEY'] : ['TLS_KEY', 'TLS_CERT'];
  return [`${missing}: must be set too when ${set} is: the path of a PEM file`];
}

/** What is coarser is kept at least as long as what it was made of; null is for ever. */
function coarserGoesFirst(values: VariableValues): string[] {
  const { RETENTION_RAW: raw, RETENTION_MINUTE: minute, RETENTION_HOUR: hour } = values;
  const shorter = (a: number | null, b: number | null) => a !== null && (b === null || a < b);
  return [
    ...(shorter(minute, raw) ? ['RETENTION_MINUTE: must be at least as long as RETENTION_RAW'] : []),
    ...(shorter(hour, minute) ? ['RETENTION_HOUR: must be at least as long as RETENTION_MINUTE'] : []),
  ];
}

function notShared({ DATABASE_URL, REDIS_URL, WORKERS }: VariableValues): string[] {
  const missing = Object.entries({ DATABASE_URL, REDIS_URL }).flatMap(([name, value]) =>
    value === null ? [name] : [],
  );
  const lines: string[] = [];
  if (REDIS_URL !== null && DATABASE_URL === null) {
    lines.push(
      'DATABASE_URL: must be set too when REDIS_URL is: nodes of a cluster share a PostgreSQL server',
    );
  }
  if (WORKERS > 1 && missing.length > 0) {
    lines.push(
      `WORKERS: ${WORKERS} is not allowed without ${missing.join(' and ')}: the workers are nodes that share them`,
    );
  }
  return lines;
}

/** A line for each variable that is allowed by itself, but not beside the others. */
export const contradictions = (values: VariableValues): string[] => [
  ...plainListeners(values),
  ...halfOfAPair(values),
  ...coarserGoesFirst(values),
  ...notShared(values),
];
