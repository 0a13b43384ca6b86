/**
 * Takes one PUBLISH that lies whole in `bytes`, QoS 0 or 1, not retained: its topic from `topicAt` to `topicEnd`, its
 * payload from `payloadAt` to `end`. `packetId`: 0 with QoS 0. false: it is none that can be taken here.
 */
export type TakePublish = (
  bytes: Buffer,
  topicAt: number,
  topicEnd: number,
  packetId: number,
  dup: boolean,
  payloadAt: number,
  end: number,
) => boolean;

const QOS_0 = 0x30;
const QOS_1 = 0x32;
const QOS_1_DUP = 0x3a;

/** Of what follows the length, which then has at most two bytes. Longer ones are rare, and go the long way. */
const MAX_LENGTH = 0x3fff;

export interface Taken {
  /** Bytes of the chunk that were taken. */
  bytes: number;
  /** The next packet must wait; otherwise it is one for the parser. */
  blocked: boolean;
}

/**
 * Publications of devices are nearly all there is to read: those that lie whole in a chunk are found here without the parser,
 * which costs more than all that is done with them. Whatever is not plainly one of them is left to it, and to every
 * check on its way. So is one that is longer than `packetBytes`.
 */
export function takePublications(
  chunk: Buffer,
  packetBytes: number,
  mayBegin: () => boolean,
  take: TakePublish,
): Taken {
  const maxLength = Math.min(packetBytes, MAX_LENGTH);
  let at = 0;
  for (;;) {
    const first = chunk[at];
    if (first !== QOS_1 && first !== QOS_0 && first !== QOS_1_DUP) break;
    let length = chunk[at + 1] ?? 0xff;
    let body = at + 2;
    if (length > 0x7f) {
      const high = chunk[body] ?? 0;
      // A length in more bytes than it needs is left to the parser.
      if (high === 0 || high > 0x7f) break;
      length = (length & 0x7f) | (high << 7);
      body++;
    }
    const end = body + length;
    if (length < 2 || length > maxLength || end > chunk.length) break;
    const topicAt = body + 2;
    const topicEnd = topicAt + (((chunk[body] ?? 0) << 8) | (chunk[body + 1] ?? 0));
    const payloadAt = first === QOS_0 ? topicEnd : topicEnd + 2;
    if (payloadAt > end) break;
    const packetId = first === QOS_0 ? 0 : ((chunk[topicEnd] ?? 0) << 8) | (chunk[topicEnd + 1] ?? 0);
    if (first !== QOS_0 && packetId === 0) break;
    if (!mayBegin()) return { bytes: at, blocked: true };
    if (!take(chunk, topicAt, topicEnd, packetId, first === QOS_1_DUP, payloadAt, end)) break;
    at = end;
  }
  return { bytes: at, blocked: false };
}
