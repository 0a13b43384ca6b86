import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { session } from '../../test/helpers/devices.ts';
import { ADMIN } from '../../test/helpers/server.ts';
import type { Hello } from '../../test/helpers/wire.ts';
import { clientSpecs } from '../bench/contestants/devices.ts';
import type { OnEnd } from '../bench-history/database.ts';
import { say } from '../bench-history/progress.ts';
import type { TestCluster } from '../cluster/cluster.ts';
import { table } from '../cluster/report.ts';
import { slopeOf } from '../soak/slopes.ts';
import { watchRedis } from './redis-stats.ts';
import { openSeeded } from './seeded.ts';

const DEVICES = 60;
const SESSIONS = 20;
const QUEUED = 5;
const RETAINED = 30;
/** After a turn, before what is left is counted. */
const SETTLE_MS = 2000;
const SHOWN = 20;

interface GrowthOptions {
  minutes: number;
  onEnd: OnEnd;
}

interface Sample {
  minutes: number;
  keys: number;
  memory: number;
}

const sessionAt = (cluster: TestCluster, node: number, hello: Hello) =>
  session(cluster.node(node % cluster.nodes.length).server, hello);

/** Everything that leaves something in Redis for a while, and then takes it away again. */
async function oneTurn(cluster: TestCluster, turn: number): Promise<void> {
  const mark = randomBytes(4).toString('hex');
  const person = { username: ADMIN.username, password: cluster.node(0).rest.token };
  const ids = Array.from({ length: SESSIONS }, (_, i) => `${mark}-${i}`);
  // Persistent sessions with messages that wait for them.
  for (const [i, clientId] of ids.entries()) {
    const wire = await sessionAt(cluster, i, {
      clientId,
      ...person,
      clean: false,
      will: { topic: `soak/${mark}/will/${i}`, payload: 'gone', qos: 1 },
    });
    await wire.subscribe(`soak/${mark}/${i}`, `soak/${mark}/all`);
    // Half of them end without a word.
    await (i % 2 === 0 ? wire.disconnect() : wire.drop());
  }
  const publisher = await sessionAt(cluster, turn, { clientId: `${mark}-publisher`, ...person, clean: true });
  for (let n = 0; n < QUEUED; n++) {
    for (const i of ids.keys()) await publisher.publish(`soak/${mark}/${i}`, `message ${n}`);
    await publisher.publish(`soak/${mark}/all`, `message ${n}`, { qos: 2 });
  }
  for (let i = 0; i < RETAINED; i++)
    await publisher.publish(`soak/${mark}/kept/${i}`, 'kept', { retain: true });
  // Every other one is read to its end first; the others go with what waits for them.
  for (const [i, clientId] of ids.entries()) {
    if (i % 2 === 0) {
      const wire = await sessionAt(cluster, i + 1, { clientId, ...person, clean: false });
      await wire.message(({ topic }) => topic.endsWith('/all')).catch(() => {});
      await wire.disconnect();
    }
    await (await sessionAt(cluster, i + 2, { clientId, ...person, clean: true })).disconnect();
  }
  for (let i = 0; i < RETAINED; i++) await publisher.publish(`soak/${mark}/kept/${i}`, '', { retain: true });
  await publisher.disconnect();
  // Devices that come back at another node, each with a persistent session.
  for (const [i, { id, password = '', topic }] of clientSpecs(DEVICES).entries()) {
    const wire = await sessionAt(cluster, turn + i, { clientId: id, username: id, password, clean: false });
    await wire.subscribe(`devices/${id}/command/request`);
    await wire.publish(topic, { capability_type: 'temperature', control_type: 'sensor', value: turn });
    if ((turn + i) % 3 === 0) await wire.drop();
    else await wire.disconnect();
  }
}

/** Markdown: what is left in Redis after so many turns of coming and going. */
export async function measureGrowth({ minutes, onEnd }: GrowthOptions): Promise<string> {
  const cluster = await openSeeded({ nodes: 3, clients: DEVICES });
  onEnd(cluster.stop);
  const redis = watchRedis(cluster.redis.url);
  onEnd(redis.stop);
  const began = performance.now();
  const samples: Sample[] = [];
  let first = new Map<string, number>();
  for (let turn = 1; performance.now() - began < minutes * 60_000; turn++) {
    await oneTurn(cluster, turn);
    await sleep(SETTLE_MS);
    const { keys, memory } = await redis.look();
    samples.push({ minutes: (performance.now() - began) / 60_000, keys, memory });
    if (turn === 1) first = await redis.kinds();
    say(`turn ${turn}: ${keys} keys, ${(memory / 2 ** 20).toFixed(2)} MiB`);
  }
  const last = await redis.kinds();
  redis.stop();
  await cluster.stop();

  const slope = (of: (sample: Sample) => number) => {
    const found = slopeOf(samples.slice(1).map((sample) => ({ x: sample.minutes * 60, y: of(sample) })));
    return found === null ? '–' : `${found.perHour.toFixed(1)} ± ${found.error.toFixed(1)}`;
  };
  const step = Math.max(1, Math.floor(samples.length / SHOWN));
  const rows = samples
    .filter((_, i) => i % step === 0 || i === samples.length - 1)
    .map((sample) => [sample.minutes.toFixed(1), String(sample.keys), (sample.memory / 2 ** 20).toFixed(2)]);
  const kinds = [...new Set([...first.keys(), ...last.keys()])]
    .sort()
    .map((kind) => [`\`${kind}\``, String(first.get(kind) ?? 0), String(last.get(kind) ?? 0)]);
  return [
    `## Redis over ${minutes} minutes of coming and going`,
    `Three nodes, ${samples.length} turns. In each: ${SESSIONS} persistent sessions with new ids, ${QUEUED * 2} messages queued for each, half read and all discarded; ${RETAINED} retained messages set and removed; ${SESSIONS / 2} wills; ${DEVICES} devices with persistent sessions that come back at another node.`,
    table(['minutes', 'keys', 'MiB'], rows),
    `An hour: ${slope(({ keys }) => keys)} keys, ${slope(({ memory }) => memory / 2 ** 20)} MiB (least squares, without the first turn).`,
    table(['keys', 'after the first turn', 'after the last'], kinds),
  ].join('\n\n');
}
