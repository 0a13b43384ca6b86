import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeFileDurably } from '../../db/durable-file.ts';

/** Secrets of simulated devices by server and device id, so that the next run logs in with them. */
export class Secrets {
  readonly #path: string;
  readonly #server: string;
  readonly #all: Record<string, Record<string, string>>;

  constructor(path: string, url: string) {
    this.#path = path;
    this.#server = new URL(url).host;
    this.#all = existsSync(path)
      ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, Record<string, string>>)
      : {};
  }

  get(deviceId: string): string | undefined {
    return this.#all[this.#server]?.[deviceId];
  }

  set(deviceId: string, secret: string): void {
    this.#all[this.#server] = { ...this.#all[this.#server], [deviceId]: secret };
  }

  forget(deviceId: string): void {
    delete this.#all[this.#server]?.[deviceId];
  }

  save(): void {
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    writeFileDurably(this.#path, `${JSON.stringify(this.#all, null, 1)}\n`, 0o600);
  }
}
