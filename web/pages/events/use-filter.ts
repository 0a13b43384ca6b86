import { useEffect, useRef, useState } from 'preact/hooks';
import { type EventFilter, filterOf, partsOf } from '../../state/event-filter.ts';
import { linkTo, useRoute } from '../../ui/route.ts';

/** What is looked for lives in the address, so that it can be kept, sent and linked to. */
export function useFilter(): [EventFilter, (filter: EventFilter) => void] {
  const route = useRoute();
  const [filter, setFilter] = useState(() => filterOf(route.slice(1)));
  const known = useRef(route);
  useEffect(() => {
    // A link has been followed.
    if (known.current === route) return;
    known.current = route;
    setFilter(filterOf(route.slice(1)));
  }, [route]);
  const change = (next: EventFilter) => {
    // In place of the former: the page is the same one, and keeps the focus where it is.
    history.replaceState(null, '', linkTo('events', ...partsOf(next)));
    setFilter(next);
  };
  return [filter, change];
}
