import { setTimeout as sleep } from 'node:timers/promises';
import type { TestCluster } from './cluster.ts';
import { call } from './load/calls.ts';
import type { Device } from './load/device.ts';
import type { Enrolled } from './load/enrol.ts';

const LOOK_EVERY_MS = 200;
/** A device that has waited less is at work. */
const WORKING_MS = 1500;

interface Listed {
  devices: { device_id: string; connected: boolean; status: string }[];
  next_cursor: string | null;
}

/** Ids of devices that a node calls connected; null: it does not say. */
async function connectedAt(cluster: TestCluster, index: number, token: string): Promise<Set<string> | null> {
  const connected = new Set<string>();
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const path = `/api/devices?limit=200${query}`;
    const { outcome, body } = await call(cluster.node(index), token, 'GET', path, { limitMs: 3000 });
    if (outcome !== '200') return null;
    const page = body as Listed;
    for (const device of page.devices) if (device.connected) connected.add(device.device_id);
    cursor = page.next_cursor;
  }
  return connected;
}

/** How nodes, but for one that is dead, are wrong about who is connected; null: they are right. */
export async function presenceAmiss(
  cluster: TestCluster,
  token: string,
  devices: readonly Device[],
  dead: number | null,
): Promise<string | null> {
  for (const [index, { name }] of cluster.nodes.entries()) {
    if (index === dead) continue;
    const told = await connectedAt(cluster, index, token);
    if (told === null) return `${name} does not tell which devices are connected`;
    for (const { id, client } of devices) {
      const isThere = client.node !== null && client.node !== dead;
      if (isThere !== told.has(id)) return `${name} calls ${id} ${isThere ? 'away' : 'connected'}`;
    }
  }
  return null;
}

/** Why not all is as it should be; null when it is. */
async function amiss(
  cluster: TestCluster,
  token: string,
  devices: readonly Device[],
): Promise<string | null> {
  const away = devices.filter(({ client }) => client.node === null);
  if (away.length > 0) return `${away.length} devices are not connected, such as ${away[0]?.id}`;
  const waiting = devices.filter(({ client }) => client.oldestWait > WORKING_MS);
  if (waiting.length > 0)
    return `${waiting.length} devices wait for acknowledgements, such as ${waiting[0]?.id}`;
  return presenceAmiss(cluster, token, devices, null);
}

/** A command through each node to a device on each. */
async function commandsAmiss(
  cluster: TestCluster,
  token: string,
  devices: ReadonlyMap<string, Device>,
  enrolled: readonly Enrolled[],
): Promise<string | null> {
  for (const asked of cluster.nodes) {
    for (const [index, on] of cluster.nodes.entries()) {
      const device = enrolled.find(({ id }) => devices.get(id)?.client.node === index);
      // Devices are where they went, and none may have come back to a node.
      if (device === undefined) continue;
      const path = `/api/widgets/${device.powerId}/command?wait=3000`;
      const { outcome, body } = await call(asked, token, 'POST', path, {
        body: { value: 'ON' },
        limitMs: 6000,
      });
      const status = (body as { command?: { status: string } } | null)?.command?.status;
      // A device refuses one of twenty, and leaves one without an answer.
      const answer = [...(devices.get(device.id)?.commands.values() ?? [])].at(-1)?.answer;
      if (status === 'executed' || status === 'rejected' || answer === 'none') continue;
      return `a command to ${asked.name} for ${device.id} on ${on.name} is ${status ?? outcome}`;
    }
  }
  return null;
}

export interface Recovery {
  /** Milliseconds; null: not all works again. */
  took: number | null;
  /** What was amiss when it was last looked at and not all was well; null: all was well at once. */
  last: string | null;
}

/** Waits until all works again. */
export async function untilRecovered(options: {
  cluster: TestCluster;
  token: string;
  devices: ReadonlyMap<string, Device>;
  enrolled: readonly Enrolled[];
  limitMs: number;
}): Promise<Recovery> {
  const { cluster, token, devices, enrolled, limitMs } = options;
  const began = performance.now();
  for (let last: string | null = null; ; ) {
    const reason =
      (await amiss(cluster, token, [...devices.values()])) ??
      (await commandsAmiss(cluster, token, devices, enrolled));
    const took = performance.now() - began;
    if (reason === null) return { took, last };
    last = `${reason} (${(took / 1000).toFixed(1)} s)`;
    if (took > limitMs) return { took: null, last };
    await sleep(LOOK_EVERY_MS);
  }
}
