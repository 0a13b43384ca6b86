import { connected, register, registration, session } from '../../../test/helpers/devices.ts';
import type { Node, TestCluster } from '../cluster.ts';

const AT_ONCE = 8;
const CAPABILITIES = [
  { capability_type: 'load', control_type: 'sensor' },
  { capability_type: 'power', control_type: 'toggle' },
];

export interface Enrolled {
  id: string;
  secret: string;
  /** Widget of its toggle. */
  powerId: number;
}

async function enrolOne({ server, rest }: Node, id: string, token: string): Promise<Enrolled> {
  const wire = await session(server, { clientId: id, username: id, password: token });
  const { device_secret: secret } = await register(wire, id, registration(id, CAPABILITIES));
  await wire.disconnect();
  if (secret === undefined) throw new Error(`${id} was given no secret`);
  // A secret that was used once stays.
  await (await connected(server, id, secret)).disconnect();
  const { widget_id: powerId } = await rest.widget(id, 'power');
  return { id, secret, powerId };
}

/** Registers devices over MQTT, at all nodes in turn, with one token for all. */
export async function enrolAll(cluster: TestCluster, ids: readonly string[]): Promise<Enrolled[]> {
  const token = await cluster.node(0).rest.enroll({ max_uses: ids.length });
  const enrolled: Enrolled[] = [];
  const waiting = [...ids.entries()].reverse();
  const lane = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const [index, id] = next;
      enrolled[index] = await enrolOne(cluster.node(index % cluster.nodes.length), id, token);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return enrolled;
}
