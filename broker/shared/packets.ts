import type { KeptMessage } from '../../db/domain/broker-store.ts';
import type { QueuedPacket } from '../engine/types.ts';

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
