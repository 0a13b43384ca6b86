import type { Event } from '../client/index.ts';

export interface EventPage {
  events: readonly Event[];
  next_cursor: string | null;
}

/** How many are new, and whether there may be more of them than the page tells. */
export interface Fresh {
  count: number;
  orMore: boolean;
}

/** What has come since `shown` was asked for, by the newest page of now. */
export function freshOf(shown: EventPage, newest: EventPage): Fresh {
  const known = new Set(shown.events.map(({ id }) => id));
  const first = newest.events.findIndex(({ id }) => known.has(id));
  if (first >= 0) return { count: first, orMore: false };
  return { count: newest.events.length, orMore: newest.next_cursor !== null };
}

/** What is shown, with what has come since; where the pages do not meet, the newest alone. */
export function withFresh(shown: EventPage, newest: EventPage): EventPage {
  const { count, orMore } = freshOf(shown, newest);
  if (orMore) return newest;
  return { ...shown, events: [...newest.events.slice(0, count), ...shown.events] };
}

/** With the page that comes after. */
export const withOlder = (shown: EventPage, older: EventPage): EventPage => ({
  events: [...shown.events, ...older.events],
  next_cursor: older.next_cursor,
});
