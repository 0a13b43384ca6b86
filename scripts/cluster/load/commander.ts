import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandBody } from '../../../test/helpers/rest.ts';
import type { TestCluster } from '../cluster.ts';
import { call } from './calls.ts';
import type { Enrolled } from './enrol.ts';
import { count, type Phases } from './phases.ts';

const WAIT_MS = 5000;

export interface Asked {
  deviceId: string;
  /** Name of the node that was asked. */
  node: string;
  outcome: string;
  /** As the answer told it; null when there was none. */
  command: CommandBody | null;
}

export interface CommanderOptions {
  cluster: TestCluster;
  token: string;
  devices: readonly Enrolled[];
  everyMs: number;
  phases: Phases;
}

/** Asks any node for commands to any device, whatever goes on. */
export function startCommander({ cluster, token, devices, everyMs, phases }: CommanderOptions) {
  const asked: Asked[] = [];
  const open = new Set<Promise<void>>();
  let running = true;

  const ask = async (): Promise<void> => {
    const node = cluster.node(Math.floor(Math.random() * cluster.nodes.length));
    const device = devices[Math.floor(Math.random() * devices.length)];
    if (device === undefined) return;
    const before = phases.current();
    const value = Math.random() < 0.5 ? 'ON' : 'OFF';
    const askedAt = performance.now();
    const path = `/api/widgets/${device.powerId}/command?wait=${WAIT_MS}`;
    const { outcome, body } = await call(node, token, 'POST', path, { body: { value } });
    const phase = phases.of(before);
    const command = (body as { command?: CommandBody } | null)?.command ?? null;
    asked.push({ deviceId: device.id, node: node.name, outcome, command });
    count(phase.commands, command === null ? outcome : `${outcome} ${command.status}`);
    if (command?.status === 'executed') phase.commandTimes.add(performance.now() - askedAt);
  };

  const loop = (async () => {
    while (running) {
      const one = ask().finally(() => open.delete(one));
      open.add(one);
      await sleep(everyMs * (0.5 + Math.random()));
    }
  })();
  return async (): Promise<readonly Asked[]> => {
    running = false;
    await loop;
    await Promise.all(open);
    return asked;
  };
}
