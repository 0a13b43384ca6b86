import { connect, createServer, type Server, type Socket } from 'node:net';

export interface Proxy {
  port: number;
  /** Connections cut so far with an acknowledgement on its way. */
  cuts(): number;
  stop(): Promise<void>;
}

/**
 * Stands between devices and the server. Now and then it swallows what the server answers and cuts the connection:
 * an acknowledgement that was given and never arrived.
 */
export async function startProxy(options: {
  upstream: () => number;
  cutEvery: () => number;
}): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let cuts = 0;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  };
  const server: Server = createServer((device) => {
    const upstream = connect(options.upstream(), '127.0.0.1');
    keep(device);
    keep(upstream);
    let left = options.cutEvery();
    device.pipe(upstream);
    upstream.on('data', (chunk) => {
      if (left-- > 0) {
        if (!device.write(chunk)) upstream.pause();
        return;
      }
      cuts++;
      device.destroy();
      upstream.destroy();
    });
    device.on('drain', () => upstream.resume());
    device.on('close', () => upstream.destroy());
    upstream.on('close', () => device.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the proxy has no port');
  return {
    port: address.port,
    cuts: () => cuts,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
