import { Readable } from 'node:stream';

/** The beginning of a stream, as much as is enough of it, and the stream with all that it had. */
export async function peek(
  stream: Readable,
  isEnough: (beginning: Buffer) => boolean,
): Promise<{ beginning: Buffer; stream: Readable }> {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let beginning = Buffer.alloc(0);
  while (!isEnough(beginning)) {
    const { done, value } = await chunks.next();
    if (done) break;
    beginning = Buffer.concat([beginning, value]);
  }
  async function* all() {
    if (beginning.length > 0) yield beginning;
    yield* { [Symbol.asyncIterator]: () => chunks };
  }
  return { beginning, stream: Readable.from(all(), { objectMode: false }) };
}
