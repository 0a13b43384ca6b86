import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

/** Of loopback, as the load balancer of a test. */
export const PROXY = '127.0.0.2';

/**
 * A load balancer: passes bytes to `port` from the address PROXY, `header` before them and in the same chunk. Gives the port
 * where it listens.
 */
export async function startRelay(t: TestContext, port: number, header: Buffer): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const target = connect({ port, host: '127.0.0.1', localAddress: PROXY });
    for (const [one, other] of [
      [client, target],
      [target, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
    }
    client.once('data', (first) => {
      target.write(Buffer.concat([header, first]));
      client.pipe(target);
    });
    target.pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}
