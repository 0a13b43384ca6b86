import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileDurably } from '../../db/durable-file.ts';

const FILE = 'mdns-name';
const NUMBER = /^-[1-9]\d?$/;

/**
 * The name under which this box announced itself last, without `.local`: `pm-iot`, or with a number where another one had
 * that. null: there is none, it is of another wish, or the file is of no use; then the name is asked for anew.
 */
export function readKeptName(dataDir: string, name: string): string | null {
  try {
    const kept = readFileSync(join(dataDir, FILE), 'utf8').trim();
    return kept.startsWith(name) && (kept === name || NUMBER.test(kept.slice(name.length))) ? kept : null;
  } catch {
    return null;
  }
}

export const keepName = (dataDir: string, name: string): void =>
  writeFileDurably(join(dataDir, FILE), `${name}\n`, 0o600);

/** What others find this machine by, with `.local`; null: it does not announce itself. */
export const announcedName =
  ({ mdnsName }: { mdnsName: string | null }, dataDir: string) =>
  (): string | null =>
    mdnsName === null ? null : `${readKeptName(dataDir, mdnsName) ?? mdnsName}.local`;
