import type { Freshness } from '../db/cluster/shared-values.ts';
import { ProbeFault } from '../db/health/fault.ts';
import type { LiveState } from '../db/live-state/types.ts';
import { Representation } from './representation.ts';
import { createWidgetCache } from './routes/rooms.ts';

/** What an app that polls a room is given, made anew from the values in memory, and asked for again with its ETag. */
export async function probeRooms(live: Pick<LiveState, 'rooms'>, freshness: Freshness | null): Promise<void> {
  const [room] = live.rooms();
  if (room !== undefined) await freshness?.refreshRoom(room.id);
  const made = room === undefined ? Representation.ofJson({ widgets: [] }) : createWidgetCache()(room, 'all');
  const whole = made.atOnce(false, undefined);
  const again = made.atOnce(false, whole?.headers.ETag);
  if (whole?.status !== 200 || again?.status !== 304)
    throw new ProbeFault('unexpected_answer', 'a room that has not changed is not told as unchanged');
}
