/** The only place where a topic string stands. Shapes: contract, section 2. */

export const REGISTER = 'devices/register';

/** Of the broker to itself: no client may subscribe to it, and no wildcard of theirs matches. */
export const PROBE = '$pm-iot/health';

export const topicOf = {
  registerResponse: (id: string) => `devices/${id}/register/response`,
  commandRequest: (id: string) => `devices/${id}/command/request`,
  olderCommandRequest: (id: string) => `device/${id}/command`,
  commandResponse: (correlationId: string) => `devices/${correlationId}/command/response`,
  pairRequest: (id: string) => `devices/${id}/pair/request`,
  errors: (id: string) => `devices/${id}/errors`,
} as const;

export type UplinkKind = 'register' | 'sensor' | 'heartbeat' | 'command_response' | 'pair_response';

export interface Uplink {
  kind: UplinkKind;
  /** Device id, or a correlation id (it begins with `~`); empty for `register`. */
  id: string;
}

const UPLINKS: Record<string, Record<string, UplinkKind>> = {
  devices: {
    sensor: 'sensor',
    heartbeat: 'heartbeat',
    'command/response': 'command_response',
    'pair/response': 'pair_response',
  },
  device: { sensor: 'sensor', heartbeat: 'heartbeat', response: 'command_response' },
};

/** What a device may publish; null for any other topic. */
export function parseUplink(topic: string): Uplink | null {
  if (topic === REGISTER) return { kind: 'register', id: '' };
  const first = topic.indexOf('/');
  const second = topic.indexOf('/', first + 1);
  if (first < 0 || second < 0) return null;
  const kinds = UPLINKS[topic.slice(0, first)];
  const rest = topic.slice(second + 1);
  if (kinds === undefined || !Object.hasOwn(kinds, rest)) return null;
  const kind = kinds[rest];
  const id = topic.slice(first + 1, second);
  return kind === undefined || id === '' ? null : { kind, id };
}

/** The second level of a topic or filter under `devices/` or `device/`: a device id, correlation id or wildcard. */
export function deviceLevel(topic: string): string | null {
  const levels = topic.split('/', 2);
  return levels[0] === 'devices' || levels[0] === 'device' ? (levels[1] ?? '') : null;
}

export function isSystemTopic(topic: string): boolean {
  return deviceLevel(topic) !== null || topic.startsWith('$');
}

export function isCorrelationId(text: string): boolean {
  return text.startsWith('~');
}

/** Answers and requests that carry secrets: to the live connection of their device alone. */
export function isSecretTopic(topic: string): boolean {
  return /^devices\/[^/]+\/(register\/response|pair\/request)$/.test(topic);
}

/** A command on its way to a device, in either spelling. */
export function isCommandTopic(topic: string): boolean {
  return /^(devices\/[^/]+\/command\/request|device\/[^/]+\/command)$/.test(topic);
}

/** Does `filter` match `topic`? A leading wildcard does not match `$…` [MQTT-4.7.2-1]. */
export function matches(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && !filter.startsWith('$')) return false;
  return covers(filter, topic);
}

/** Does `outer` match every topic that `inner` (a filter or topic) matches? */
export function covers(outer: string, inner: string): boolean {
  const a = outer.split('/');
  const b = inner.split('/');
  for (let i = 0; i < a.length; i++) {
    if (a[i] === '#') return true;
    if (b[i] === undefined || b[i] === '#') return false;
    if (a[i] !== '+' && a[i] !== b[i]) return false;
  }
  return a.length === b.length;
}
