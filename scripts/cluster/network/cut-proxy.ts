import { connect, createServer, type Socket } from 'node:net';

export interface CutProxy {
  port: number;
  /** Silent: nothing passes, and nobody is told; what was on its way arrives when it ends, as TCP would send it again. */
  silent(on: boolean): void;
  stop(): Promise<void>;
}

/** Stands before a port of this machine. */
export async function startCutProxy(upstreamPort: number): Promise<CutProxy> {
  const sockets = new Set<Socket>();
  let waiting: (() => void)[] = [];
  let isSilent = false;

  const keep = (socket: Socket, peer: Socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      if (!peer.write(chunk) && !isSilent) socket.pause();
    });
    peer.on('drain', () => {
      if (!isSilent) socket.resume();
    });
    if (isSilent) socket.pause();
    const end = () => {
      sockets.delete(socket);
      // The news of an end does not pass either.
      if (isSilent) waiting.push(() => peer.destroy());
      else peer.destroy();
    };
    socket.on('close', end);
    socket.on('error', () => socket.destroy());
  };
  const accept = (socket: Socket) => {
    if (socket.destroyed) return;
    const upstream = connect(upstreamPort, '127.0.0.1');
    keep(socket, upstream);
    keep(upstream, socket);
  };

  const server = createServer((socket) => {
    if (!isSilent) return accept(socket);
    socket.on('error', () => socket.destroy());
    waiting.push(() => accept(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the proxy has no port');
  return {
    port: address.port,
    silent: (on) => {
      if (on === isSilent) return;
      isSilent = on;
      for (const socket of sockets) on ? socket.pause() : socket.resume();
      if (on) return;
      const due = waiting;
      waiting = [];
      for (const act of due) act();
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
