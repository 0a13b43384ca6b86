import type { Subscription } from 'aedes';
import { generate, type ISubscribePacket } from 'mqtt-packet';
import type { EngineClient } from './types.ts';

interface Repeated {
  client: EngineClient;
  messageId: number;
  /** As they were asked for. */
  asked: Subscription[];
}

const repeated = new WeakMap<Subscription, Repeated>();

/**
 * Aedes answers a SUBSCRIBE that names a filter twice with too few codes [MQTT-3.8.4-5]. Such a one loses its id here, so
 * that Aedes does not answer it; `answerIfRepeated` does.
 */
export function noteRepeated(client: EngineClient, packet: ISubscribePacket): void {
  const asked = packet.subscriptions as Subscription[];
  const last = new Map(asked.map((subscription) => [subscription.topic, subscription]));
  const { messageId } = packet;
  if (last.size === asked.length || messageId === undefined) return;
  // Copies: Aedes writes what was granted into those that it takes.
  const entry = { client, messageId, asked: asked.map((subscription) => ({ ...subscription })) };
  for (const subscription of last.values()) repeated.set(subscription, entry);
  delete packet.messageId;
}

/** `subscriptions`: as Aedes has dealt with them, with the QoS that was granted. */
export function answerIfRepeated(subscriptions: readonly Subscription[]): void {
  const entry = subscriptions.map((each) => repeated.get(each)).find((found) => found !== undefined);
  if (entry === undefined) return;
  const granted = new Map(subscriptions.map(({ topic, qos }) => [topic, qos as number]));
  const codes = entry.asked.map(({ topic, qos }) => (granted.get(topic) === 128 ? 128 : qos));
  entry.client.conn.write(generate({ cmd: 'suback', messageId: entry.messageId, granted: codes }));
}
