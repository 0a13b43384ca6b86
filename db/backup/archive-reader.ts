import { createReadStream, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as WebStream } from 'node:stream/web';
import { createGunzip } from 'node:zlib';
import { Decrypter } from 'age-encryption';
import { extract } from 'tar-stream';
import { DamagedBackupError, UnusableBackupError } from './format.ts';

const AGE_MAGIC = 'age-encryption.org/v1';
const GZIP_MAGIC = '1f8b';
/** A part is a few MiB; what claims to be more is damaged. */
const MAX_ENTRY_BYTES = 1024 * 1024 * 1024;

export interface Entry {
  name: string;
  content: Buffer;
  /** Of the file, read so far, and in all. */
  position: number;
  size: number;
}

/** No passphrase was given, or another one than that of the file. */
export class PassphraseError extends Error {}

export async function isEncrypted(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(AGE_MAGIC.length), 0, AGE_MAGIC.length, 0);
    const start = buffer.subarray(0, bytesRead);
    if (start.toString('latin1') === AGE_MAGIC) return true;
    if (start.subarray(0, 2).toString('hex') === GZIP_MAGIC) return false;
    throw new DamagedBackupError(`${path} is no backup of PM IoT, or its beginning is damaged`);
  } finally {
    await file.close();
  }
}

/** Every entry of a backup in its order. Errors: DamagedBackupError, PassphraseError, and those of the disk. */
export async function* readArchive(path: string, passphrase: string | null): AsyncGenerator<Entry> {
  const encrypted = await isEncrypted(path);
  if (encrypted && passphrase === null) {
    throw new PassphraseError(`${path} is encrypted: its passphrase is needed`);
  }
  const { size } = statSync(path);
  let position = 0;
  const count = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      position += chunk.length;
      done(null, chunk);
    },
  });
  const file = createReadStream(path);
  const raw = file.pipe(count);
  let diskError: Error | null = null;
  file.on('error', (error) => {
    diskError = error;
    raw.destroy(error);
  });
  const tar = extract();
  let packed: Readable = raw;
  try {
    if (encrypted) packed = await decrypt(raw, passphrase ?? '', path);
    const unpacking = pipeline(packed, createGunzip(), tar);
    unpacking.catch(() => {});
    for await (const entry of tar) {
      const { name, size: length = 0 } = entry.header;
      if (length > MAX_ENTRY_BYTES) throw new Error('an entry without end');
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      yield { name, content: Buffer.concat(chunks), position, size };
    }
    await unpacking;
  } catch (error) {
    if (error instanceof PassphraseError || error instanceof UnusableBackupError) throw error;
    if (error instanceof DamagedBackupError) throw error;
    throw diskError ?? damaged(error, { position, size });
  } finally {
    file.destroy();
    raw.destroy();
    tar.destroy();
  }
}

async function decrypt(content: Readable, passphrase: string, path: string): Promise<Readable> {
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  try {
    const stream = await decrypter.decrypt(Readable.toWeb(content) as unknown as ReadableStream<Uint8Array>);
    return Readable.fromWeb(stream as unknown as WebStream<Uint8Array>);
  } catch (error) {
    const { message } = error as Error;
    if (/no identity matched|invalid passphrase|incorrect/i.test(message)) {
      throw new PassphraseError(`that is not the passphrase of ${path} (or its first lines are damaged)`);
    }
    throw new DamagedBackupError(`${path} is damaged in its first lines: ${message}`);
  }
}

function damaged(error: unknown, { position, size }: { position: number; size: number }): DamagedBackupError {
  const { message } = error as Error;
  const where = `within the first ${position} of its ${size} bytes`;
  return /unexpected end|premature/i.test(message)
    ? new DamagedBackupError(`it is cut off after ${size} bytes`)
    : new DamagedBackupError(`it is damaged ${where} (${message})`);
}
