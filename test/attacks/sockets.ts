import { type Attack, ended, many, open, wait } from './target.ts';

/** Longer than a silent connection may last, checks of the server included, also where an attacker gets little of a processor. */
const PATIENCE_MS = 25_000;

/** As many connections as one address may have in that state, which say nothing: plain and TLS, MQTT and HTTP. */
export const silentSockets: Attack = async ({ ports }) => {
  const doors = [ports.mqtt, ports.mqtts, ports.http, ports.https];
  const sockets = await Promise.all(
    Array.from({ length: 400 }, (_, i) => open(doors[i % doors.length] ?? ports.mqtt)),
  );
  const closed = await Promise.all(sockets.map((socket) => ended(socket, PATIENCE_MS)));
  for (const socket of sockets) socket.destroy();
  return { opened: sockets.length, 'closed by the server': closed.filter(Boolean).length };
};

/** A few bytes of a request, and one more each second. */
export const slowRequests: Attack = async ({ ports }) => {
  const sockets = await Promise.all(Array.from({ length: 200 }, () => open(ports.http)));
  const connects = await Promise.all(Array.from({ length: 200 }, () => open(ports.mqtt)));
  const closed = Promise.all([...sockets, ...connects].map((socket) => ended(socket, PATIENCE_MS)));
  for (const socket of sockets) socket.write('POST /api/auth/login HTTP/1.1\r\nHost: box\r\nX-A: ');
  for (const socket of connects) socket.write(Buffer.from([0x10, 0x7f, 0x00]));
  for (let second = 0; second < 12; second++) {
    for (const socket of [...sockets, ...connects]) if (!socket.destroyed) socket.write('\u0001');
    await wait(1000);
  }
  const count = (await closed).filter(Boolean).length;
  for (const socket of [...sockets, ...connects]) socket.destroy();
  return { opened: 400, 'closed by the server': count };
};

/** Connects and goes, as fast as it can. */
export const churn: Attack = async ({ ports, scale }) => {
  let opened = 0;
  const doors = [ports.mqtt, ports.mqtts, ports.http];
  await many(scale, 3000, 50, async (i) => {
    const socket = await open(doors[i % doors.length] ?? ports.mqtt);
    opened++;
    socket.destroy();
  });
  return { opened };
};
