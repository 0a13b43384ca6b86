import { generate, type Packet } from 'mqtt-packet';
import { type Attack, ended, many, open, randomOf, type Target } from './target.ts';

const ANSWER_MS = 3000;

const hello = ({ rogue: { id, secret } }: Target, more: object = {}): Buffer =>
  generate({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clientId: id,
    username: id,
    password: Buffer.from(secret),
    clean: true,
    keepalive: 60,
    ...more,
  });

const samples = (target: Target): Buffer[] => {
  const publish = (qos: 0 | 1 | 2): Packet => ({
    cmd: 'publish',
    topic: `devices/${target.rogue.id}/sensor`,
    payload: '{"capability_type":"temperature","control_type":"sensor","value":1}',
    qos,
    retain: false,
    dup: false,
    ...(qos > 0 && { messageId: 1 }),
  });
  const packets: Packet[] = [
    publish(0),
    publish(1),
    publish(2),
    { cmd: 'subscribe', messageId: 2, subscriptions: [{ topic: `devices/${target.rogue.id}/#`, qos: 1 }] },
    { cmd: 'unsubscribe', messageId: 3, unsubscriptions: ['a/b'] },
    { cmd: 'puback', messageId: 4 },
    { cmd: 'pubrec', messageId: 5 },
    { cmd: 'pubrel', messageId: 6 },
    { cmd: 'pubcomp', messageId: 7 },
    { cmd: 'pingreq' },
    { cmd: 'disconnect' },
  ];
  const will = {
    topic: `devices/${target.rogue.id}/sensor`,
    payload: Buffer.from('x'),
    qos: 1,
    retain: true,
  };
  // Under another name: wrong log-ins of its own would lock the rogue out.
  const greeting = hello(target, { clientId: 'mutant', username: 'mutant', will });
  return [greeting, ...packets.map((packet) => generate(packet))];
};

/** Bytes turned, cut, doubled or added at places that the seed picks. */
function mutate(packet: Buffer, random: () => number): Buffer {
  const bytes = Buffer.from(packet);
  const at = () => Math.floor(random() * bytes.length);
  for (let turns = 1 + Math.floor(random() * 4); turns > 0; turns--) bytes[at()] = Math.floor(random() * 256);
  const kind = random();
  if (kind < 0.2) return bytes.subarray(0, at());
  if (kind < 0.4) return Buffer.concat([bytes, bytes.subarray(at())]);
  return bytes;
}

/** 10,000 mutations of valid packets, each on a connection of its own: half of them before, half after a log-in. */
export const mutations: Attack = async (target) => {
  const random = randomOf(target.seed);
  const packets = samples(target);
  let sent = 0;
  let closed = 0;
  await many(target.scale, 10_000, 20, async (i) => {
    const socket = await open(target.ports.mqtt);
    const over = ended(socket, ANSWER_MS);
    const person = { clientId: `m${i}`, username: 'admin', password: Buffer.from(target.adminToken) };
    if (i % 2 === 1) socket.write(hello(target, person));
    socket.end(mutate(packets[Math.floor(random() * packets.length)] ?? hello(target), random));
    sent++;
    if (await over) closed++;
    socket.destroy();
  });
  return { sent, closed };
};

export const randomBytes: Attack = async ({ ports, seed, scale }) => {
  const random = randomOf(seed);
  let sent = 0;
  let closed = 0;
  await many(scale, 2000, 50, async () => {
    const socket = await open(ports.mqtt);
    sent++;
    const over = ended(socket, ANSWER_MS);
    socket.end(Buffer.from(Array.from({ length: 64 + Math.floor(random() * 512) }, () => random() * 256)));
    if (await over) closed++;
    socket.destroy();
  });
  return { sent, closed };
};

/** Lengths up to 256 MiB that are declared and never come, and packets that end in the middle. */
export const sizes: Attack = async (target) => {
  const huge = Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]);
  const longConnect = Buffer.from([0x10, 0xff, 0xff, 0x7f]);
  const filler = Buffer.alloc(64 * 1024, 0x41);
  let sent = 0;
  let closed = 0;
  await many(target.scale, 300, 20, async (i) => {
    sent++;
    const socket = await open(target.ports.mqtt);
    const over = ended(socket, ANSWER_MS);
    if (i % 3 === 0) socket.write(longConnect);
    else
      socket.write(
        Buffer.concat([hello(target), i % 3 === 1 ? huge : (samples(target)[1]?.subarray(0, 9) ?? huge)]),
      );
    for (let chunk = 0; chunk < 8 && i % 3 < 2 && !socket.destroyed; chunk++) socket.write(filler);
    socket.end();
    if (await over) closed++;
    socket.destroy();
  });
  return { sent, closed };
};

/** Topics of 30,000 levels. */
export const deepTopics: Attack = async (target) => {
  const deep = 'a/'.repeat(30_000);
  let sent = 0;
  let closed = 0;
  await many(target.scale, 100, 10, async (i) => {
    sent++;
    const socket = await open(target.ports.mqtt);
    const over = ended(socket, ANSWER_MS);
    const packet: Packet =
      i % 2 === 0
        ? { cmd: 'publish', topic: deep, payload: 'x', qos: 0, retain: true, dup: false }
        : { cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: `${deep}#`, qos: 1 }] };
    const admin = { clientId: `deep-${i}`, username: 'admin', password: Buffer.from(target.adminToken) };
    socket.write(Buffer.concat([hello(target, admin), generate(packet)]));
    socket.end();
    if (await over) closed++;
    socket.destroy();
  });
  return { sent, closed };
};
