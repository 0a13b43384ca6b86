import type { KeptMessage, KeptRetained, KeptWill } from '../db/domain/broker-store.ts';

/** A line of JSON, and the payload as it came: to be read by people and by scripts. */
function join(head: readonly unknown[], payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), payload]);
}

/** null: it is none of ours. */
function split(bytes: Buffer): { head: unknown[]; payload: Buffer } | null {
  const end = bytes.indexOf(10);
  if (end < 0) return null;
  try {
    const head: unknown = JSON.parse(bytes.toString('utf8', 0, end));
    return Array.isArray(head) ? { head, payload: bytes.subarray(end + 1) } : null;
  } catch {
    return null;
  }
}

const isQos = (value: unknown): value is 0 | 1 | 2 => value === 0 || value === 1 || value === 2;

type Key = Pick<KeptMessage, 'brokerId' | 'brokerCounter'>;

/** Fields of a queue: the message itself, and what has become of it. */
export const contentField = ({ brokerId, brokerCounter }: Key) => `m${brokerId}:${brokerCounter}`;
export const stateField = ({ brokerId, brokerCounter }: Key) => `s${brokerId}:${brokerCounter}`;

export function encodeContent({ stamp, content }: KeptMessage): Buffer {
  return join([stamp, content?.qos ?? 1, content?.topic ?? ''], content?.payload ?? Buffer.alloc(0));
}

export function encodeState({ stamp, messageId, content }: KeptMessage): string {
  return JSON.stringify([stamp, messageId, content === null]);
}

/** In the order in which they are to go out. What cannot be read is left out. */
export function decodeQueue(fields: ReadonlyMap<string, Buffer>): KeptMessage[] {
  const messages = new Map<string, KeptMessage>();
  const at = (field: string): KeptMessage | null => {
    const key = field.slice(1);
    const colon = key.lastIndexOf(':');
    const brokerCounter = Number(key.slice(colon + 1));
    if (colon < 1 || !Number.isSafeInteger(brokerCounter)) return null;
    const known = messages.get(key);
    if (known !== undefined) return known;
    const made = { brokerId: key.slice(0, colon), brokerCounter, stamp: 0, messageId: null, content: null };
    messages.set(key, made);
    return made;
  };
  const released = new Set<KeptMessage>();
  for (const [field, bytes] of fields) {
    const message = at(field);
    if (message === null) continue;
    if (field.startsWith('m')) {
      const read = split(bytes);
      const [stamp, qos, topic] = read?.head ?? [];
      if (read === null || typeof stamp !== 'number' || typeof topic !== 'string' || !isQos(qos)) continue;
      message.stamp = stamp;
      message.content = { topic, payload: read.payload, qos: qos === 2 ? 2 : 1 };
    } else if (field.startsWith('s')) {
      const read = split(Buffer.concat([bytes, Buffer.from('\n')]));
      const [stamp, messageId, isReleased] = read?.head ?? [];
      if (typeof stamp !== 'number' || typeof messageId !== 'number') continue;
      message.stamp = stamp;
      message.messageId = messageId;
      if (isReleased === true) released.add(message);
    }
  }
  // Of a message that was not kept there may be its state alone.
  return [...messages.values()]
    .filter((message) => message.content !== null || released.has(message))
    .map((message) => (released.has(message) ? { ...message, content: null } : message))
    .sort(inOrder);
}

export function inOrder(a: KeptMessage, b: KeptMessage): number {
  if (a.stamp !== b.stamp) return a.stamp - b.stamp;
  if (a.brokerId !== b.brokerId) return a.brokerId < b.brokerId ? -1 : 1;
  return a.brokerCounter - b.brokerCounter;
}

export const encodeRetained = ({ stamp, qos, payload }: KeptRetained): Buffer => join([stamp, qos], payload);

export function decodeRetained(topic: string, bytes: Buffer): KeptRetained | null {
  const read = split(bytes);
  const [stamp, qos] = read?.head ?? [];
  if (read === null || typeof stamp !== 'number' || !isQos(qos) || read.payload.length === 0) return null;
  return { topic, payload: read.payload, qos, stamp };
}

export const encodeWill = ({ nodeId, topic, payload, qos, retain }: Omit<KeptWill, 'raw' | 'clientId'>) =>
  join([nodeId, topic, qos, retain], payload);

export function decodeWill(clientId: string, raw: Buffer): KeptWill | null {
  const read = split(raw);
  const [nodeId, topic, qos, retain] = read?.head ?? [];
  if (read === null || typeof nodeId !== 'string' || typeof topic !== 'string' || !isQos(qos)) return null;
  return { clientId, nodeId, topic, payload: read.payload, qos, retain: retain === true, raw };
}
