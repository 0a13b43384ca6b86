import { fsyncSync } from 'node:fs';
import type { PGlite } from '@electric-sql/pglite';
import { NodeFS } from '@electric-sql/pglite/nodefs';

/** Members of the Emscripten module that its types leave out. */
interface EmscriptenModule {
  NODEFS?: NodeFileSystem;
  FS: { filesystems: { NODEFS: NodeFileSystem } };
}
interface NodeFileSystem {
  stream_ops: { fsync?: (stream: { nfd: number }) => number };
}

/**
 * The Node file system of PGlite ignores fsync, so that a power cut could take what was committed. Here each call
 * reaches the disk: stream operations are replaced before the module's main program runs.
 */
export class DurableFS extends NodeFS {
  sync(file: number): void {
    fsyncSync(file);
  }

  override async init(pg: PGlite, options: Parameters<NodeFS['init']>[1]): ReturnType<NodeFS['init']> {
    const result = await super.init(pg, options);
    const durable = (module: unknown) => {
      const { NODEFS, FS } = module as EmscriptenModule;
      (NODEFS ?? FS.filesystems.NODEFS).stream_ops.fsync = (stream) => {
        this.sync(stream.nfd);
        return 0;
      };
    };
    const { emscriptenOpts } = result;
    emscriptenOpts.preRun = [durable, ...asList(emscriptenOpts.preRun)] as NonNullable<
      typeof emscriptenOpts.preRun
    >;
    return result;
  }
}

function asList<T>(value: T | T[] | undefined): T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
