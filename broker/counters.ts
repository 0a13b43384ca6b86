import { Counter, Gauge, type Registry } from 'prom-client';
import type { BoundedPersistence } from './engine/bounded.ts';
import type { RefusalReason } from './refusal.ts';

/** What the broker counts for `/api/metrics`. */
export interface BrokerCounters {
  received(bytes: number): void;
  refused(reason: RefusalReason): void;
  denied(action: 'connect' | 'publish' | 'subscribe'): void;
  dropped(reason: string, count?: number): void;
}

export function createCounters(
  registry: Registry,
  connections: () => number,
  sizes: BoundedPersistence['sizes'],
): BrokerCounters {
  const registers = [registry];
  // Counted in plain numbers, which the metrics take over when they are asked for: this is done for every message.
  let messages = 0;
  let bytes = 0;
  new Counter({
    name: 'pm_iot_mqtt_messages_received_total',
    help: 'PUBLISH packets received from clients',
    registers,
    collect() {
      this.reset();
      this.inc(messages);
    },
  });
  new Counter({
    name: 'pm_iot_mqtt_payload_bytes_received_total',
    help: 'Bytes of their payloads',
    registers,
    collect() {
      this.reset();
      this.inc(bytes);
    },
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
  new Gauge({
    name: 'pm_iot_mqtt_connections',
    help: 'Open MQTT sessions',
    registers,
    collect() {
      this.set(connections());
    },
  });
  new Gauge({
    name: 'pm_iot_mqtt_stored',
    help: 'What is kept for sessions and retained topics, in number and bytes of payload',
    labelNames: ['what'],
    registers,
    collect() {
      for (const [what, value] of Object.entries(sizes())) this.set({ what }, value);
    },
  });
  return {
    received: (length) => {
      messages++;
      bytes += length;
    },
    refused: (reason) => refused.inc({ reason }),
    denied: (action) => denied.inc({ action }),
    dropped: (reason, count = 1) => dropped.inc({ reason }, count),
  };
}
