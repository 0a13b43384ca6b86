import { useRef } from 'preact/hooks';
import { type EventFilter, isFiltered, partsOf } from '../../state/event-filter.ts';
import { byDay, dayOf } from '../../state/event-groups.ts';
import './events.css';
import { useFormat, useNow, useText } from '../../ui/context.ts';
import { Empty, FailureNotice, Loading } from '../../ui/feedback.tsx';
import { Icon } from '../../ui/icon.tsx';
import { Page } from '../../ui/page.tsx';
import { Filters } from './filters.tsx';
import { useNames } from './names.ts';
import { EventRow } from './row.tsx';
import { useEvents } from './use-events.ts';
import { useFilter } from './use-filter.ts';

export function EventsPage(_: Record<string, unknown>) {
  const text = useText();
  const [filter, setFilter] = useFilter();
  return (
    <Page title={text.events.title}>
      <Filters filter={filter} onChange={setFilter} />
      <EventList key={partsOf(filter).join('/')} filter={filter} />
    </Page>
  );
}

function EventList({ filter }: { filter: EventFilter }) {
  const text = useText();
  const names = useNames();
  const list = useRef<HTMLDivElement>(null);
  const { shown, fresh, failure, showFresh, older, showOlder } = useEvents(filter);
  const top = () => {
    showFresh();
    list.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  };
  if (shown === null) return failure ? <FailureNotice failure={failure} /> : <Loading />;
  return (
    <>
      <FailureNotice failure={failure} />
      <FreshNews count={fresh.count} orMore={fresh.orMore} onShow={top} />
      {shown.events.length === 0 ? (
        <Empty title={isFiltered(filter) ? text.events.emptyFiltered : text.events.empty}>
          <p>{isFiltered(filter) ? text.events.emptyFilteredHint : text.events.emptyHint}</p>
        </Empty>
      ) : (
        <div class="event-days" ref={list} tabIndex={-1}>
          {byDay(shown.events).map(({ day, events }) => (
            <section key={day}>
              <h2>
                <DayName day={day} />
              </h2>
              <ul>
                {events.map((event) => (
                  <EventRow key={event.id} event={event} names={names} />
                ))}
              </ul>
            </section>
          ))}
        </div>
      )}
      <FailureNotice failure={older.failure} />
      {shown.next_cursor !== null ? (
        <button type="button" class="button wide" disabled={older.busy} onClick={() => void showOlder()}>
          {older.busy ? text.common.working : text.events.older}
        </button>
      ) : (
        shown.events.length > 0 && <p class="muted event-end">{text.events.end}</p>
      )}
    </>
  );
}

interface FreshNewsProps {
  count: number;
  orMore: boolean;
  onShow(): void;
}

/** What has come waits here, so that nothing moves under the eyes of whoever reads. */
function FreshNews({ count, orMore, onShow }: FreshNewsProps) {
  const text = useText();
  const format = useFormat();
  const number = format.number(count);
  return (
    <div class="event-fresh" role="status">
      {count > 0 && (
        <button type="button" class="button primary" onClick={onShow}>
          <Icon name="up" size={18} />
          {orMore ? text.events.freshOrMore(number) : text.events.fresh(number, count === 1)}
        </button>
      )}
    </div>
  );
}

const DAY_MS = 86_400_000;

function DayName({ day }: { day: string }) {
  const text = useText();
  const format = useFormat();
  const now = useNow(60_000);
  if (day === dayOf(now)) return text.events.today;
  if (day === dayOf(now - DAY_MS)) return text.events.yesterday;
  return format.date(`${day}T12:00:00`);
}
