import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Milliseconds of processor time; of the database: null for who has none. */
export interface ProcessorTime {
  server: number;
  database: number | null;
}

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
/** Places in /proc/PID/stat after the name, which may hold spaces: [proc(5)] counts from 1, the name is 2. */
const PARENT = 4 - 3;
const USER = 14 - 3;

function statOf(path: string): string[] {
  const text = readFileSync(path, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** User and system time in milliseconds; with `reaped`: that of its ended children, too. */
function timeIn(path: string, reaped = false): number {
  const ticks = statOf(path)
    .slice(USER, USER + (reaped ? 4 : 2))
    .reduce((sum, text) => sum + Number(text), 0);
  return (ticks / TICKS_PER_SECOND) * 1000;
}

export const processTime = (pid: number): number => timeIn(`/proc/${pid}/stat`);

/** Of each thread, by its id. */
export function threadTimes(pid: number): Map<number, number> {
  const folder = `/proc/${pid}/task`;
  return new Map(readdirSync(folder).map((tid) => [Number(tid), timeIn(`${folder}/${tid}/stat`)]));
}

export const parentOf = (pid: number): number => Number(statOf(`/proc/${pid}/stat`)[PARENT]);

/** A process and its children, those that came and went meanwhile included: a PostgreSQL server. */
export function familyTime(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  const times = children.map((child) => {
    try {
      return processTime(Number(child));
    } catch {
      // It ended in this moment, and is counted among the reaped.
      return 0;
    }
  });
  return times.reduce((sum, time) => sum + time, timeIn(`/proc/${pid}/stat`, true));
}
