import { connect } from '../bytes.ts';
import { type Broker, Peer, unique } from '../peer.ts';

/** A topic, a client that has subscribed to it, and one to publish there. */
export async function pair(broker: Broker, qos: 0 | 1 | 2) {
  const topic = unique();
  const reader = await Peer.connected(broker);
  await reader.subscribe(topic, qos);
  return { topic, reader, writer: await Peer.connected(broker) };
}

export const heard = ({ payload }: { payload: Buffer | string }) => payload.toString();

/** A session that is kept, with a subscription, whose client is away. */
export async function absent(broker: Broker, qos: 0 | 1 | 2 = 1) {
  const clientId = unique();
  const topic = unique();
  const peer = await Peer.connected(broker, { clientId, clean: false });
  await peer.subscribe(topic, qos);
  await peer.disconnect();
  const back = async () => {
    const again = await Peer.open(broker);
    const { sessionPresent } = await again.connect({ clientId, clean: false });
    return { peer: again, sessionPresent };
  };
  /** Leaves nothing behind. */
  const forget = async () => (await Peer.connected(broker, { clientId })).disconnect();
  return { clientId, topic, back, forget };
}

/** A connection that is refused for its first bytes. */
export async function isRefused(broker: Broker, bytes: (peer: Peer) => Buffer): Promise<void> {
  const peer = await Peer.open(broker);
  await peer.refused(bytes(peer));
}

/** A CONNECT with the log-in, and these things changed. */
export const withLogin =
  (
    more: number,
    before: (Buffer | string)[] = [unique()],
    change: Partial<Parameters<typeof connect>[0]> = {},
  ) =>
  ({ credentials: { flags, payload } }: Peer) =>
    connect({ flags: flags + more, payload: [...before, ...payload], ...change });
