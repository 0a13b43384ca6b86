import { readFileSync } from 'node:fs';

/** Resident memory of a process in MiB, null where the system does not tell it. */
export function residentMiB(pid: number): number | null {
  try {
    const match = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return match === null ? null : Math.round(Number(match[1]) / 1024);
  } catch {
    return null;
  }
}
