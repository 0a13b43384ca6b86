import { TLSSocket } from 'node:tls';
import { Counter, Gauge, type Registry } from 'prom-client';
import { REFUSAL_REASONS, type RefusalReason } from '../db/domain/flow-reasons.ts';
import { createTold } from '../db/metrics/tally.ts';
import { socketOf } from './connection.ts';
import type { BoundedPersistence } from './engine/bounded.ts';
import type { Identity } from './identity.ts';
import type { Session, Sessions } from './sessions.ts';
import type { UplinkKind } from './topics.ts';

/** What a message from a client is; `other`: on no topic of devices. */
export type ReceivedKind = UplinkKind | 'other';
/** To whoever has subscribed, or from the server to a device's own connection: a command, an answer. */
export type SentKind = 'subscription' | 'device';
type Qos = 0 | 1 | 2;
const DROP_REASONS = ['queued_full', 'retained_full', 'slow_reader', 'redis_away'] as const;
type DropReason = (typeof DROP_REASONS)[number];

/** What the broker counts for `/api/metrics`. */
export interface BrokerCounters {
  received(kind: ReceivedKind, qos: Qos, bytes: number): void;
  sent(kind: SentKind, qos: Qos, payload: string | Buffer): void;
  refused(reason: RefusalReason): void;
  denied(action: 'connect' | 'publish' | 'subscribe'): void;
  dropped(reason: DropReason, count?: number): void;
}

const RECEIVED: readonly ReceivedKind[] = [
  'sensor',
  'heartbeat',
  'register',
  'command_response',
  'pair_response',
  'other',
];
const SENT: readonly SentKind[] = ['subscription', 'device'];
const QOS: readonly Qos[] = [0, 1, 2];
const CLIENTS: readonly Identity['kind'][] = ['device', 'enrolling', 'person'];
const TRANSPORTS = ['tcp', 'tls', 'ws', 'wss'] as const;

/** Counted in plain numbers, which the metrics take over when they are asked for: this is done for every message. */
function countMessages<K extends string>(
  registry: Registry,
  kinds: readonly K[],
  told: { messages: string; help: string; bytes: string; bytesHelp: string },
) {
  const counts = Object.fromEntries(kinds.map((kind) => [kind, [0, 0, 0]])) as Record<
    K,
    [number, number, number]
  >;
  let bytes = 0;
  createTold({ registry, name: told.messages, help: told.help }, ['kind', 'qos'], () =>
    kinds.flatMap((kind) => QOS.map((qos) => [{ kind, qos: String(qos) }, counts[kind][qos]] as const)),
  );
  createTold({ registry, name: told.bytes, help: told.bytesHelp }, [], () => [[{}, bytes]]);
  return (kind: K, qos: Qos, length: number) => {
    counts[kind][qos]++;
    bytes += length;
  };
}

function transportOf({ client }: Session): (typeof TRANSPORTS)[number] {
  const isTls = socketOf(client.conn, client.req) instanceof TLSSocket;
  if (client.req === undefined) return isTls ? 'tls' : 'tcp';
  return isTls ? 'wss' : 'ws';
}

function measureSessions(registers: Registry[], sessions: Sessions): void {
  new Gauge({
    name: 'pm_iot_mqtt_connections',
    help: 'Open MQTT sessions',
    registers,
    collect() {
      this.set(sessions.count);
    },
  });
  new Gauge({
    name: 'pm_iot_mqtt_clients',
    help: 'Open MQTT sessions by who they are (enrolling: a device that has not registered yet) and how they are connected',
    labelNames: ['kind', 'transport'],
    registers,
    collect() {
      const counts = CLIENTS.flatMap((kind) =>
        TRANSPORTS.map((transport) => ({ kind, transport, count: 0 })),
      );
      for (const session of sessions.all()) {
        const transport = transportOf(session);
        const found = counts.find(
          (each) => each.kind === session.identity.kind && each.transport === transport,
        );
        if (found !== undefined) found.count++;
      }
      for (const { count, ...labels } of counts) this.set(labels, count);
    },
  });
  new Gauge({
    name: 'pm_iot_mqtt_subscriptions',
    help: 'Subscriptions of open MQTT sessions',
    registers,
    collect() {
      let count = 0;
      for (const { client } of sessions.all()) count += client.grantedFilters.size;
      this.set(count);
    },
  });
}

function measureStored(registers: Registry[], sizes: BoundedPersistence['sizes']): void {
  const gauge = (name: string, help: string, part: keyof ReturnType<typeof sizes>) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(sizes()[part]);
      },
    });
  gauge('pm_iot_mqtt_stored_sessions', 'Sessions that are kept while their client is away, too', 'sessions');
  gauge(
    'pm_iot_mqtt_queued_messages',
    'Messages of QoS 1 and 2 that kept sessions have not confirmed',
    'queued',
  );
  gauge('pm_iot_mqtt_queued_bytes', 'Bytes that messages queued for kept sessions count as', 'queuedBytes');
  gauge('pm_iot_mqtt_retained_messages', 'Retained messages', 'retained');
  gauge('pm_iot_mqtt_retained_bytes', 'Bytes that retained messages count as', 'retainedBytes');
}

export function createCounters(
  registry: Registry,
  sessions: Sessions,
  sizes: BoundedPersistence['sizes'],
): BrokerCounters {
  const registers = [registry];
  const received = countMessages(registry, RECEIVED, {
    messages: 'pm_iot_mqtt_messages_received_total',
    help: 'PUBLISH packets received from clients, by what they are and their QoS',
    bytes: 'pm_iot_mqtt_payload_bytes_received_total',
    bytesHelp: 'Bytes of the payloads of PUBLISH packets received from clients',
  });
  const sent = countMessages(registry, SENT, {
    messages: 'pm_iot_mqtt_messages_sent_total',
    help: 'PUBLISH packets sent to clients: to those that subscribed, or to a device what the server has for it; by QoS',
    bytes: 'pm_iot_mqtt_payload_bytes_sent_total',
    bytesHelp: 'Bytes of the payloads of PUBLISH packets sent to clients',
  });
  const refused = new Counter({
    name: 'pm_iot_mqtt_messages_refused_total',
    help: 'Messages of devices that were refused and acknowledged, by reason',
    labelNames: ['reason'],
    registers,
  });
  const denied = new Counter({
    name: 'pm_iot_mqtt_denied_total',
    help: 'Connections, publications and subscriptions that were not allowed',
    labelNames: ['action'],
    registers,
  });
  const dropped = new Counter({
    name: 'pm_iot_mqtt_messages_dropped_total',
    help: 'Messages to clients that were dropped at a bound',
    labelNames: ['reason'],
    registers,
  });
  // Also while they are 0: what begins to be told with 1 has no rise.
  for (const reason of REFUSAL_REASONS) refused.inc({ reason }, 0);
  for (const action of ['connect', 'publish', 'subscribe']) denied.inc({ action }, 0);
  for (const reason of DROP_REASONS) dropped.inc({ reason }, 0);
  measureSessions(registers, sessions);
  measureStored(registers, sizes);
  return {
    received,
    sent: (kind, qos, payload) => sent(kind, qos, Buffer.byteLength(payload)),
    refused: (reason) => refused.inc({ reason }),
    denied: (action) => denied.inc({ action }),
    dropped: (reason, count = 1) => dropped.inc({ reason }, count),
  };
}
