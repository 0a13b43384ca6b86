import type { PGlite } from '@electric-sql/pglite';
import { DurableFS } from './durable-fs.ts';

/**
 * Hears of the engine's end. After a PANIC (no space left for WAL is one) the engine has aborted, PGlite tells nobody,
 * and its next call spins for ever: who uses it must end the thread in `onAbort`.
 */
export class WatchedFS extends DurableFS {
  /** The last line that PostgreSQL wrote to its log. */
  lastWords = '';
  readonly #onAbort: () => void;

  constructor(folder: string, onAbort: () => void) {
    super(folder);
    this.#onAbort = onAbort;
  }

  override async init(pg: PGlite, options: Parameters<DurableFS['init']>[1]): ReturnType<DurableFS['init']> {
    const result = await super.init(pg, options);
    Object.assign(result.emscriptenOpts, {
      printErr: (line: string) => {
        if (/\b(PANIC|FATAL|ERROR): /.test(line)) this.lastWords = line;
      },
      onAbort: this.#onAbort,
    });
    return result;
  }
}
