const MIB = 1024 * 1024;

/** MIN_FREE_DISK. Zero: the guard does nothing. */
export type MinFree = { percent: number } | { bytes: number };

/** Of a file system, in bytes. `free` is what this user may still write. */
export interface Space {
  free: number;
  size: number;
}

/** `low`: the oldest raw data goes. `critical`: nothing more can go, and no reading is stored until there is room. */
export type DiskState = 'ok' | 'low' | 'critical';

export interface Bounds {
  low: number;
  critical: number;
}

/** Between the bounds at least: a day is dropped before anybody has to wait. */
const GAP_BYTES = 32 * MIB;
/** A state is left above its bound by this part of it, so that it does not flicker. */
const SLACK = 0.1;
const MIN_SLACK_BYTES = 8 * MIB;
/** Looked at more often from this far above the bound: more than the fastest writer here fills between two slow looks. */
const NEAR_BYTES = 256 * MIB;

export function isOff(minFree: MinFree): boolean {
  return ('percent' in minFree ? minFree.percent : minFree.bytes) === 0;
}

/** `reserve`: bytes that the database must find free so that its WAL and its checkpoints never meet a full disk. */
export function boundsOf(minFree: MinFree, size: number, reserve: number): Bounds {
  const wanted = 'percent' in minFree ? (size * minFree.percent) / 100 : minFree.bytes;
  return { low: Math.max(wanted, reserve + GAP_BYTES), critical: reserve };
}

const above = (bound: number) => bound + Math.max(bound * SLACK, MIN_SLACK_BYTES);

export function nextState(before: DiskState, free: number, { low, critical }: Bounds): DiskState {
  if (free < critical) return 'critical';
  if (before === 'critical' && free < Math.min(above(critical), low)) return 'critical';
  if (free < low) return 'low';
  return before === 'ok' || free >= above(low) ? 'ok' : 'low';
}

/** So little that a day must go at every look; above it whoever fills the disk may be about to give the space back. */
export function isUrgent(free: number, { critical }: Bounds): boolean {
  return free < critical + 2 * GAP_BYTES;
}

export function isNear(free: number, { low }: Bounds): boolean {
  return free < low + NEAR_BYTES;
}
