import { setTimeout as sleep } from 'node:timers/promises';
import type { WidgetBody } from '../../../test/helpers/rest.ts';
import type { TestCluster } from '../cluster.ts';
import { call } from './calls.ts';
import type { Device } from './device.ts';
import { count, type Phases } from './phases.ts';

const EVERY_MS = 150;

export interface AppOptions {
  cluster: TestCluster;
  /** Logged in at one node, for all. */
  token: string;
  roomIds: readonly number[];
  devices: ReadonlyMap<string, Device>;
  phases: Phases;
}

/** An app that looks at rooms, each time at another node, and holds what it sees against what was acknowledged. */
export function startApp({ cluster, token, roomIds, devices, phases }: AppOptions): () => Promise<void> {
  const etags = new Map<string, string>();
  let running = true;

  const judge = (widgets: readonly WidgetBody[], askedAt: number): void => {
    for (const { capability, device, value } of widgets) {
      if (capability.capability_type !== 'load') continue;
      const stale = devices.get(device.device_id)?.staleness(Number(value ?? -1), askedAt) ?? 0;
      const phase = phases.current();
      phase.longestStale = Math.max(phase.longestStale, stale);
    }
  };

  const poll = async (turn: number): Promise<void> => {
    const node = cluster.node(turn % cluster.nodes.length);
    const before = phases.current();
    const roomId = roomIds[Math.floor(turn / cluster.nodes.length) % roomIds.length];
    const path = turn % 10 === 9 ? '/api/rooms' : `/api/rooms/${roomId}/widgets`;
    const etag = etags.get(path);
    const askedAt = performance.now();
    const answer = await call(node, token, 'GET', path, etag === undefined ? {} : { etag });
    count(phases.of(before).polls, answer.outcome);
    if (answer.etag !== null) etags.set(path, answer.etag);
    if (answer.outcome === '200' && path !== '/api/rooms')
      judge((answer.body as { widgets: WidgetBody[] }).widgets, askedAt);
  };

  /** One lane a node: a node that does not answer holds up nobody but those who ask it. */
  const lane = async (index: number): Promise<void> => {
    for (let turn = index; running; turn += cluster.nodes.length) {
      await poll(turn);
      await sleep(EVERY_MS * cluster.nodes.length);
    }
  };
  const lanes = cluster.nodes.map((_, index) => lane(index));
  return async () => {
    running = false;
    await Promise.all(lanes);
  };
}
