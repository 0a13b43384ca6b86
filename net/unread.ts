import type { Socket } from 'node:net';

/** What `pause` does not: nothing more is taken from the socket, so that one that waits keeps no memory but its own. */
interface Readable {
  _handle?: { readStop(): void; readStart(): void } | null;
}

/** Leaves the socket unread until the function that it gives is called. `onGone`: it was closed before. */
export function holdUnread(socket: Socket, onGone: () => void): () => void {
  const { _handle: handle } = socket as Readable;
  handle?.readStop();
  const onError = () => socket.destroy();
  socket.on('error', onError).once('close', onGone);
  return () => {
    socket.off('error', onError).off('close', onGone);
    if (!socket.destroyed) handle?.readStart();
  };
}
