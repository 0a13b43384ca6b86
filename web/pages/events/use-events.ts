import { useState } from 'preact/hooks';
import { type EventFilter, queryOf } from '../../state/event-filter.ts';
import { type EventPage, type Fresh, freshOf, withFresh, withOlder } from '../../state/event-pages.ts';
import { type Failure, wanted } from '../../state/index.ts';
import { type Action, useAction } from '../../ui/action.ts';
import { useWanted } from '../../ui/context.ts';

const PAGE = 50;

export interface Events {
  /** null: not told yet. */
  shown: EventPage | null;
  fresh: Fresh;
  failure: Failure | null;
  showFresh(): void;
  older: Pick<Action, 'busy' | 'failure'>;
  showOlder(): Promise<void>;
}

/** Events of one filter: what is read stays where it is, what comes meanwhile waits to be asked for. */
export function useEvents(filter: EventFilter): Events {
  const query = { ...queryOf(filter), limit: PAGE };
  const { value: newest, failure } = useWanted(wanted('GET /api/events', { query }));
  const { run, ...older } = useAction();
  const [kept, setKept] = useState<EventPage | null>(null);
  // Nothing is read yet where there is nothing.
  const shown = kept === null || kept.events.length === 0 ? newest : kept;
  if (shown !== null && shown !== kept) setKept(shown);
  return {
    shown,
    fresh: shown === null || newest === null ? { count: 0, orMore: false } : freshOf(shown, newest),
    failure,
    showFresh: () => {
      if (shown !== null && newest !== null) setKept(withFresh(shown, newest));
    },
    older,
    showOlder: async () => {
      const cursor = shown?.next_cursor;
      if (cursor == null) return;
      const page = await run((client) => client.call('GET /api/events', { query: { ...query, cursor } }));
      if (page !== null) setKept((now) => (now === null ? page : withOlder(now, page)));
    },
  };
}
