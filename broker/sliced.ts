import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** At most some 680 frames, and all that a view of one of them keeps from being freed. */
const SLICE_BYTES = 4096;

type Done = (error?: Error | null) => void;

/**
 * A socket that is read a slice at a time, so that whoever reads can `hold` it in the middle of what one read of the
 * system brought, which may be ten thousand frames. What is not given yet stays in the socket.
 */
export class SlicedSocket extends Duplex {
  readonly #socket: Socket;
  #full = false;
  #held = false;

  constructor(socket: Socket) {
    super({ readableHighWaterMark: SLICE_BYTES });
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#give(chunk));
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    if (!this.#full) this.#socket.resume();
  }

  #give(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; at += SLICE_BYTES) {
      if (this.destroyed) return;
      if (this.#held || this.#full) {
        this.#socket.pause();
        this.#socket.unshift(chunk.subarray(at));
        return;
      }
      this.#full = !this.push(sliceOf(chunk, at));
    }
  }

  override _read(): void {
    this.#full = false;
    if (!this.#held) this.#socket.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: Done): void {
    this.#socket.write(chunk, encoding, done);
  }

  override _writev(chunks: { chunk: Buffer; encoding: BufferEncoding }[], done: Done): void {
    const last = chunks.length - 1;
    this.#socket.cork();
    for (const [i, { chunk, encoding }] of chunks.entries()) {
      if (i < last) this.#socket.write(chunk, encoding);
      else this.#socket.write(chunk, encoding, done);
    }
    this.#socket.uncork();
  }

  override _final(done: Done): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#socket.destroy();
    done(error);
  }
}

/** A copy where it is part of more: a view would keep the whole from being freed. */
function sliceOf(chunk: Buffer, at: number): Buffer {
  if (chunk.buffer.byteLength <= SLICE_BYTES) return chunk;
  const part = chunk.subarray(at, at + SLICE_BYTES);
  const copy = Buffer.allocUnsafeSlow(part.length);
  copy.set(part);
  return copy;
}
