import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const LISTENING = '0A';

/** Inodes of sockets that listen on a TCP port. */
function inodesOf(port: number): Set<string> {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  const found = new Set<string>();
  for (const table of ['tcp', 'tcp6']) {
    try {
      for (const line of readFileSync(`/proc/net/${table}`, 'utf8').split('\n').slice(1)) {
        const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
        if (state === LISTENING && local.endsWith(`:${wanted}`)) found.add(inode);
      }
    } catch {
      // No Linux, or no IPv6.
    }
  }
  return found;
}

/** `mosquitto (process 812)`; null: it cannot be told, as of another user's process without root. */
export function ownerOf(port: number): string | null {
  const sockets = new Set([...inodesOf(port)].map((inode) => `socket:[${inode}]`));
  if (sockets.size === 0) return null;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      for (const file of readdirSync(`/proc/${pid}/fd`)) {
        if (!sockets.has(readlinkSync(`/proc/${pid}/fd/${file}`))) continue;
        return `${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()} (process ${pid})`;
      }
    } catch {
      // It has ended meanwhile, or is another user's.
    }
  }
  return null;
}
