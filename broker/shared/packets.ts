import type { KeptMessage } from '../../db/domain/broker-store.ts';
import type { QueuedPacket } from '../engine/types.ts';

/** Ids of people's sessions contain a slash; what a device may be sent is published where it is connected. */
export const isPerson = (clientId: string): boolean => clientId.includes('/');

export const keptOf = ({ brokerId, brokerCounter, stamp = 0, ...packet }: QueuedPacket): KeptMessage => {
  const { cmd, topic = '', payload = '', qos, messageId = null } = packet;
  const content = { topic, payload: Buffer.from(payload), qos: qos === 2 ? (2 as const) : (1 as const) };
  return { brokerId, brokerCounter, stamp, messageId, content: cmd === 'publish' ? content : null };
};

export const packetOf = ({
  brokerId,
  brokerCounter,
  stamp,
  messageId,
  content,
}: KeptMessage): QueuedPacket => {
  const key = { brokerId, brokerCounter, stamp, ...(messageId !== null && { messageId }) };
  if (content === null) return { cmd: 'pubrel', ...key };
  return { cmd: 'publish', ...key, ...content, retain: false, dup: false };
};

/** Rejects when the time is up. */
export async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
