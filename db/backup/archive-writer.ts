import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as WebStream } from 'node:stream/web';
import { createGzip } from 'node:zlib';
import { Encrypter } from 'age-encryption';
import { pack } from 'tar-stream';
import { handOver, syncPath } from '../durable-file.ts';
import { MANIFEST, type Manifest, type TableSum } from './format.ts';

/** Packed history is deflated already: more effort costs time and gains nothing. */
const GZIP_LEVEL = 3;
/** 64 MiB and about a second; what age takes by itself is four times as much, which a small box may not have. */
const SCRYPT_WORK_FACTOR = 16;

export interface ArchiveWriter {
  add(name: string, content: string | Buffer): Promise<void>;
  /** Bytes that have been written so far. */
  readonly bytes: number;
  /** Ends the file with its manifest; resolves once it is on the disk, under its draft's name. */
  finish(tables: TableSum[]): Promise<Manifest>;
  /** What was written goes. */
  abandon(): Promise<void>;
}

export const sha256 = (content: string | Uint8Array): string =>
  createHash('sha256').update(content).digest('hex');

/** Where a backup is until it is whole and has been read back. */
export const draftOf = (path: string): string => `${path}.partial`;

/** Writes beside `path`. Errors of the disk come from whatever is called next. */
export async function createArchiveWriter(
  path: string,
  { passphrase, createdAt }: { passphrase: string | null; createdAt: Date },
): Promise<ArchiveWriter> {
  const draft = draftOf(path);
  const tar = pack();
  let bytes = 0;
  const count = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  const file = createWriteStream(draft, { flags: 'wx', mode: 0o600 });
  const gzip = createGzip({ level: GZIP_LEVEL });
  const failed: { error: Error | null } = { error: null };
  const packing = pipeline(Readable.from(tar), gzip);
  const encrypted = passphrase === null ? gzip : await encrypt(gzip, passphrase);
  const writing = pipeline(encrypted, count, file);
  const done = Promise.all([packing, writing]).then(
    () => {},
    (error: unknown) => {
      failed.error = error instanceof Error ? error : new Error(String(error));
      tar.destroy(failed.error);
      gzip.destroy();
    },
  );

  const parts: Record<string, string> = {};
  const put = async (name: string, content: Buffer) => {
    if (failed.error !== null) throw failed.error;
    const entry = new Promise<void>((resolve, reject) => {
      const entryStream = tar.entry(
        { name, size: content.length, mode: 0o600, mtime: createdAt },
        (error?: Error | null) => (error ? reject(error) : resolve()),
      );
      entryStream.end(content);
    });
    entry.catch(() => {});
    await Promise.race([entry, done]);
    if (failed.error !== null) throw failed.error;
  };
  const add = async (name: string, content: string | Buffer) => {
    const buffer = typeof content === 'string' ? Buffer.from(content) : content;
    parts[name] = sha256(buffer);
    await put(name, buffer);
  };

  return {
    add,
    get bytes() {
      return bytes;
    },
    finish: async (tables) => {
      const manifest: Manifest = { tables, parts };
      await put(MANIFEST, Buffer.from(JSON.stringify(manifest)));
      tar.finalize();
      await done;
      if (failed.error !== null) throw failed.error;
      syncPath(draft);
      return manifest;
    },
    abandon: async () => {
      tar.destroy();
      gzip.destroy();
      file.destroy();
      await done;
      rmSync(draft, { force: true });
    },
  };
}

async function encrypt(content: Readable, passphrase: string): Promise<Readable> {
  const encrypter = new Encrypter();
  encrypter.setScryptWorkFactor(SCRYPT_WORK_FACTOR);
  encrypter.setPassphrase(passphrase);
  const stream = await encrypter.encrypt(Readable.toWeb(content) as unknown as ReadableStream<Uint8Array>);
  return Readable.fromWeb(stream as unknown as WebStream<Uint8Array>);
}

/** The draft takes its name, for good when it returns. Never over another file. */
export function keepDraft(path: string): void {
  if (existsSync(path))
    throw new Error(`${path} exists already: a backup is never written over another file`);
  handOver(draftOf(path));
  renameSync(draftOf(path), path);
  syncPath(dirname(path));
}
