import { generate } from 'mqtt-packet';
import type { EngineClient } from './types.ts';

/** Writes a PUBLISH to one live connection, past subscriptions and queues. false: nothing was written. */
export function sendTo(client: EngineClient, topic: string, payload: string, qos: 0 | 1): boolean {
  if (client.closed || !client.connected || client.conn.destroyed || isFrozen(client)) return false;
  const messageId = client._nextId;
  if (qos > 0) client._nextId = messageId >= 65_535 ? 1 : messageId + 1;
  const packet = { cmd: 'publish', topic, payload, qos, retain: false, dup: false } as const;
  client.conn.write(generate(qos > 0 ? { ...packet, messageId } : packet));
  return true;
}

/** Whole packets, to a connection that is still there. */
export function writeTo({ closed, conn }: EngineClient, bytes: Buffer): void {
  if (!closed && !conn.destroyed) conn.write(bytes);
}

/** It leaves so much unread that messages for it are dropped. */
export function isFrozen({ conn, maxUnread }: EngineClient): boolean {
  return conn.writableLength > maxUnread;
}
