import { ADMIN } from '../../../test/helpers/server.ts';
import { type Address, FailoverClient } from './failover-client.ts';

export interface WatcherOptions {
  token: string;
  deviceIds: readonly string[];
  addresses: () => readonly Address[];
}

/** A person with a persistent session and QoS 1 on what some devices report, and on all of `fleet/`. */
export function createWatcher({ token, deviceIds, addresses }: WatcherOptions) {
  /** By device: how often each number came. */
  const seen = new Map(deviceIds.map((id) => [id, new Map<number, number>()]));
  /** By topic: `performance.now()` of what came. */
  const fleet = new Map<string, number[]>();
  const take = (topic: string, payload: string): void => {
    if (topic.startsWith('fleet/')) {
      fleet.set(topic, [...(fleet.get(topic) ?? []), performance.now()]);
      return;
    }
    const numbers = seen.get(topic.split('/')[1] ?? '');
    const content = JSON.parse(payload) as { value: number } | { readings: { value: number }[] };
    for (const { value } of 'readings' in content ? content.readings : [content])
      numbers?.set(value, (numbers.get(value) ?? 0) + 1);
  };
  const client = new FailoverClient({
    ...{ clientId: 'watcher', username: ADMIN.username, password: token, clean: false },
    ...{ addresses, first: 0, onMessage: take },
    filters: [...deviceIds.map((id) => `devices/${id}/sensor`), 'fleet/#'],
  });
  return { client, seen, fleet };
}

export type Watcher = ReturnType<typeof createWatcher>;
