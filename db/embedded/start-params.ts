import { PGlite } from '@electric-sql/pglite';

const MIB = 1024 * 1024;
export const WAL_SEGMENT_BYTES = 16 * MIB;
/** WAL after which the checkpointer asks for a checkpoint: this is also what a start after a crash has to replay. */
export const CHECKPOINT_AFTER_BYTES = 64 * MIB;
/** What the WAL comes to occupy: one checkpoint's worth, what comes while it is being asked for, the segment in use. */
export const WAL_NEEDED_BYTES = CHECKPOINT_AFTER_BYTES + 2 * WAL_SEGMENT_BYTES;

/**
 * PGlite starts PostgreSQL with -F, which turns fsync off: an acknowledged reading must survive a power cut. Both WAL
 * sizes alike: segments are used again and again, so that in the long run the WAL asks the disk for no new space.
 * All buffers are touched at the start: a quarter of the 128 MB that PGlite takes stores 10,000 widgets' readings at the
 * same cost, an eighth does not.
 */
export const START_PARAMS: readonly string[] = [
  ...PGlite.defaultStartParams.filter((parameter) => parameter !== '-F'),
  ...['wal_sync_method=fsync', 'max_wal_size=128MB', 'min_wal_size=128MB', 'shared_buffers=32MB'].flatMap(
    (setting) => ['-c', setting],
  ),
];
