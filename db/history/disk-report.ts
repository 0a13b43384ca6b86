import { stat } from 'node:fs/promises';
import type { DiskReport } from '../domain/system.ts';
import { boundsOf, type DiskState, isOff, type MinFree, nextState, type Space } from './disk-state.ts';
import { type FoundVolume, MARGIN_BYTES, spaceOf } from './volumes.ts';

export interface DiskReportDeps {
  dataDir: string;
  /** Of the database; null: out of sight. */
  volume: FoundVolume | null;
  guard: { readonly state: DiskState } | null;
  minFree: MinFree;
}

type State = DiskReport['state'];

async function reportOf(
  name: DiskReport['name'],
  space: () => Promise<Space>,
  stateOf: (space: Space) => State,
): Promise<DiskReport> {
  try {
    const found = await space();
    return { name, freeBytes: found.free, totalBytes: found.size, state: stateOf(found) };
  } catch {
    return outOfSight(name);
  }
}

const outOfSight = (name: DiskReport['name']): DiskReport => ({
  name,
  freeBytes: null,
  totalBytes: null,
  state: 'unknown',
});

const onOneDisk = async (one: string, other: string) => (await stat(one)).dev === (await stat(other)).dev;

/** The disks that matter, measured when they are asked for. */
export function createDiskReport({ dataDir, volume, guard, minFree }: DiskReportDeps) {
  const off = isOff(minFree);
  const guarded = (): State => (off || guard === null ? 'unknown' : guard.state);
  /** Nothing is dropped for the disk of DATA_DIR alone: what it holds is small, and must still be written. */
  const measured = ({ free, size }: Space): State =>
    off ? 'unknown' : nextState('ok', free, boundsOf(minFree, size, MARGIN_BYTES));

  return async (): Promise<DiskReport[]> => {
    // Two states of one disk would contradict each other.
    const shared = volume !== null && (await onOneDisk(dataDir, volume.folder).catch(() => false));
    return Promise.all([
      reportOf('data', () => spaceOf(dataDir), shared ? guarded : measured),
      volume === null ? outOfSight('database') : reportOf('database', volume.space, guarded),
    ]);
  };
}
