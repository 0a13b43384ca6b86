import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** `s`: sent, before it was; `a`: acknowledged; `k`: unacknowledged at a kill. A key stands for one reading. */
export interface Entry {
  kind: 's' | 'a' | 'k';
  key: string;
  value?: number;
}

const FLUSH_EVERY_MS = 20;

export interface Ledger {
  add(entry: Entry): void;
  /** Resolves once all that was added is on the disk. */
  close(): Promise<void>;
}

/** Writes to `path` through a process of its own, which syncs every batch to the disk. */
export async function openLedger(path: string): Promise<Ledger> {
  const child = fork(new URL('./ledger-process.js', import.meta.url), [path], { execArgv: [] });
  await once(child, 'message');
  let waiting: Entry[] = [];
  const flush = () => {
    if (waiting.length === 0) return;
    child.send(waiting);
    waiting = [];
  };
  const timer = setInterval(flush, FLUSH_EVERY_MS);
  return {
    add: (entry) => waiting.push(entry),
    close: async () => {
      clearInterval(timer);
      flush();
      child.send('close');
      await once(child, 'exit');
    },
  };
}

export interface Books {
  sent: Map<string, number>;
  acknowledged: Set<string>;
  /** How many kills each reading saw while it was unacknowledged. */
  killed: Map<string, number>;
}

export async function readLedger(path: string): Promise<Books> {
  const sent = new Map<string, number>();
  const acknowledged = new Set<string>();
  const killed = new Map<string, number>();
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const { kind, key, value } = JSON.parse(line) as Entry;
    if (kind === 'a') acknowledged.add(key);
    else if (kind === 'k') killed.set(key, (killed.get(key) ?? 0) + 1);
    else sent.set(key, value ?? Number.NaN);
  }
  return { sent, acknowledged, killed };
}
