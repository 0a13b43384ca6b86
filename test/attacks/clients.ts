import { Wire } from '../helpers/wire.ts';
import { type Attack, many, type Target, wait } from './target.ts';

/** Far more than the system's buffers hold for who does not read, and than anybody may send in a second. */
const FROZEN_MESSAGES = 4000;
const FLOOD_MESSAGES = 8000;
/** Fewer would stay below the limits, whatever the scale. */
const FROZEN_AT_LEAST = 800;
const FLOOD_AT_LEAST = 6000;

async function person(target: Target, clientId: string, clean = true): Promise<Wire> {
  const wire = await Wire.tcp(target.ports.mqtt);
  await wire.connect({ clientId, clean, username: 'admin', password: target.adminToken });
  return wire;
}

async function integration(target: Target, clientId: string, clean = true): Promise<Wire> {
  const wire = await Wire.tcp(target.ports.mqtt);
  await wire.connect({ clientId, clean, ...target.integration });
  return wire;
}

async function rogue({ ports, rogue: { id, secret } }: Target): Promise<Wire> {
  const wire = await Wire.tcp(ports.mqtt);
  await wire.connect({ clientId: id, username: id, password: secret });
  return wire;
}

export const subscribeFlood: Attack = async (target) => {
  const wire = await person(target, 'subscriber');
  let granted = 0;
  let refused = 0;
  await many(target.scale, 100, 1, async (batch) => {
    const filters = Array.from({ length: 200 }, (_, i) => `flood/${batch}/+/${i}/#`);
    for (const code of await wire.subscribe(...filters)) code === 128 ? refused++ : granted++;
  });
  await wire.drop();
  return { granted, refused };
};

/** Sessions that are to be kept, each under another client id. */
export const sessionFlood: Attack = async (target) => {
  let made = 0;
  await many(target.scale, 500, 10, async (i) => {
    const wire = await person(target, `session-${i}`, false);
    await wire.subscribe('home/#');
    await wire.drop();
    made++;
  });
  return { made };
};

export const retainedFlood: Attack = async (target) => {
  const wire = await person(target, 'retainer');
  let sent = 0;
  await many(target.scale, 12_000, 50, async (i) => {
    await wire.publish(`home/retained/${i}`, 'x'.repeat(100), { retain: true });
    sent++;
  });
  await wire.drop();
  return { sent };
};

/** Subscribes to all there is and never reads, while others publish. */
export const frozenReader: Attack = async (target) => {
  const reader = await integration(target, 'frozen');
  await reader.subscribe('home/#');
  reader.socket.pause();
  const writer = await integration(target, 'writer');
  let sent = 0;
  for (const count = Math.max(FROZEN_AT_LEAST, FROZEN_MESSAGES * target.scale); sent < count; sent++) {
    await writer.publish(`home/frozen/${sent % 10}`, 'x'.repeat(8 * 1024));
  }
  await writer.drop();
  await reader.drop();
  return { sent };
};

/** As fast as it can: small and large, valid and not, with and without acknowledgement. */
export const publishFlood: Attack = async (target) => {
  const wire = await rogue(target);
  const topic = `devices/${target.rogue.id}/sensor`;
  const good = '{"capability_type":"temperature","control_type":"sensor","value":1}';
  const bad = [
    `{"capability_type":"text","control_type":"text","value":"${'x'.repeat(60_000)}"}`,
    '['.repeat(60_000),
    `{"value":${'9'.repeat(50_000)}}`,
  ];
  let sent = 0;
  const count = Math.max(FLOOD_AT_LEAST, FLOOD_MESSAGES * target.scale);
  while (sent < count && !wire.ended) {
    for (let i = 0; i < 50; i++, sent++) {
      // Most of it needs no database: it comes as fast as it is read.
      const payload = sent % 97 === 0 ? bad[sent % bad.length] : sent % 4 === 0 ? good : 'no json';
      const qos = sent % 3 === 0 ? 1 : 0;
      wire.send({
        cmd: 'publish',
        topic,
        payload: payload ?? '',
        qos,
        retain: false,
        dup: false,
        ...(qos === 1 && { messageId: (sent % 65_535) + 1 }),
      });
    }
    if (wire.socket.writableLength > 1_000_000) await wait(20);
    else await new Promise((resolve) => setImmediate(resolve));
  }
  // Until all of it has been read.
  await Promise.race([wire.ping().catch(() => {}), wire.closed]);
  const cut = wire.ended ? 1 : 0;
  await wire.drop();
  return { sent, cut };
};
