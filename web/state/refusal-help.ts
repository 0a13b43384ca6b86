const EXAMPLES: readonly (readonly [RegExp, object])[] = [
  [
    /\/sensor$/,
    { capability_type: 'temperature', control_type: 'sensor', value: 21.5, unit: '°C', timestamp: '' },
  ],
  [
    /^devices\/register$/,
    {
      device_id: 'lamp',
      device_name: 'Lamp',
      device_type: 'smart_light',
      capabilities: [{ capability_type: 'power', control_type: 'toggle' }],
    },
  ],
  [/\/heartbeat$/, { capability_type: 'status', control_type: 'heartbeat', value: 'alive' }],
  [/\/pair\/response$/, { status: 'success' }],
  [/\/response$/, { status: 'success', value: 'ON' }],
];

/** A payload that the server takes on this topic at this time (RFC 3339); null for a topic that it does not know. */
export function rightPayload(topic: string, timestamp: string): string | null {
  const example = EXAMPLES.find(([pattern]) => pattern.test(topic))?.[1];
  if (example === undefined) return null;
  return JSON.stringify('timestamp' in example ? { ...example, timestamp } : example, null, 2);
}

const CODES = [
  'INVALID_PAYLOAD',
  'PAYLOAD_TOO_LARGE',
  'INVALID_TIMESTAMP',
  'CONFLICT',
  'FORBIDDEN',
  'LIMIT_REACHED',
] as const;
export type RefusalCode = (typeof CODES)[number];

/** null for a code that a newer server has. */
export const refusalCode = (code: string): RefusalCode | null =>
  CODES.find((known) => known === code) ?? null;
