import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** What is under test has a processor to itself; load, database and this program share the other one. */
export interface Pinning {
  /** For the report: what was done, or why it could not be. */
  described(): string;
  /** All threads of processes under test. */
  server(...pids: number[]): void;
  /** One thread that belongs with the load. */
  aside(tid: number): void;
  /** What the report must say of it. */
  note(text: string): void;
}

const SERVER = '0';
const ASIDE = '1';

const taskset = (...args: string[]) => execFileSync('taskset', args, { stdio: 'ignore' });

/** Moves this process aside; whatever it starts from now on follows. */
export function startPinning(): Pinning {
  const notes = new Set<string>();
  const note = (text: string) => void notes.add(text);
  const described = () => [...notes].join('; ');
  const none = (reason: string): Pinning => {
    note(`nothing is pinned: ${reason}`);
    return { described, note, server: () => {}, aside: () => {} };
  };
  if (availableParallelism() < 2) return none('there is one processor');
  try {
    taskset('-a', '-p', '-c', ASIDE, String(process.pid));
  } catch (error) {
    return none(error instanceof Error ? error.message : String(error));
  }
  note(`under test: processor ${SERVER}; load, database and harness: processor ${ASIDE}`);
  return {
    described,
    note,
    server: (...pids) => {
      for (const pid of pids) taskset('-a', '-p', '-c', SERVER, String(pid));
    },
    aside: (tid) => void taskset('-p', '-c', ASIDE, String(tid)),
  };
}
