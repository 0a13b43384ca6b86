import { useRef, useState } from 'preact/hooks';
import type { Calls, Widget } from '../../client/index.ts';
import { wantedFirst } from '../../state/first-pages.ts';
import { isPreset } from '../../state/history-range.ts';
import { useFormat, useText, useWanted } from '../../ui/context.ts';
import { FailureNotice, Loading } from '../../ui/feedback.tsx';
import type { Range } from './use-range.ts';
import { useValueText } from './value-text.ts';

type Reading = Calls['GET /api/widgets/{id}/readings']['answer']['readings'][number];

const PAGE = 12;
const MOST_PAGES = 40;
const EVERY_MS = 10_000;
/** Late readings of a time that has passed. */
const PAST_EVERY_MS = 120_000;

/** The newest readings, or those of the time that is shown. */
export function Readings({ widget, range }: { widget: Widget; range: Range }) {
  const text = useText();
  const { shown } = range;
  const live = isPreset(shown);
  const ends = live ? {} : { from: new Date(shown.from).toISOString(), to: new Date(shown.to).toISOString() };
  return (
    <section class="panel">
      <h2>{live ? text.widget.newest : text.widget.newestIn}</h2>
      <Pages key={JSON.stringify(ends)} widget={widget} ends={ends} />
    </section>
  );
}

function Pages({ widget, ends }: { widget: Widget; ends: { from?: string; to?: string } }) {
  const text = useText();
  const [pages, setPages] = useState(1);
  const isPast = ends.to !== undefined;
  const { value, failure } = useWanted(
    wantedFirst(
      'GET /api/widgets/{id}/readings',
      'readings',
      { params: { id: widget.widget_id }, query: { ...ends, order: 'desc', limit: PAGE }, pages },
      // Each page is asked for again.
      (isPast ? PAST_EVERY_MS : EVERY_MS) * pages,
    ),
  );
  const kept = useRef(value);
  if (value !== null) kept.current = value;
  const told = value ?? kept.current;
  if (told === null) return failure ? <FailureNotice failure={failure} /> : <Loading />;
  if (told.items.length === 0) return <p class="muted">{text.widget.noReadings}</p>;
  return (
    <>
      <FailureNotice failure={failure} />
      <ReadingsTable widget={widget} readings={told.items} />
      {told.more && pages < MOST_PAGES && (
        <button type="button" class="button" onClick={() => setPages(pages + 1)}>
          {text.widget.more}
        </button>
      )}
    </>
  );
}

function ReadingsTable({ widget, readings }: { widget: Widget; readings: readonly Reading[] }) {
  const text = useText();
  const format = useFormat();
  const nameOf = useValueText(widget);
  return (
    <table class="readings">
      <thead>
        <tr>
          <th scope="col">{text.widget.time}</th>
          <th scope="col">{text.widget.value}</th>
        </tr>
      </thead>
      <tbody>
        {readings.map(({ at, seq, value }) => (
          <tr key={`${at} ${seq}`}>
            <td>
              <time dateTime={at}>{format.dateTime(at)}</time>
            </td>
            <td>
              {nameOf(value)}
              {widget.unit !== null && typeof value === 'number' && <span class="unit"> {widget.unit}</span>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
