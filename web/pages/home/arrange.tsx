import { useEffect, useRef, useState } from 'preact/hooks';
import type { Room, Widget } from '../../client/index.ts';
import { wanted } from '../../state/index.ts';
import { useAction } from '../../ui/action.ts';
import { useFormat, useText, useWanted } from '../../ui/context.ts';
import { FailureNotice, Loading } from '../../ui/feedback.tsx';
import { Icon } from '../../ui/icon.tsx';
import { moved } from './moved.ts';
import { useDrag } from './use-drag.ts';

interface Place {
  widget: Widget;
  shown: boolean;
}

const placesOf = (widgets: readonly Widget[]): Place[] =>
  widgets
    .filter(({ capability }) => capability.control_type !== 'heartbeat')
    .map((widget) => ({ widget, shown: widget.status === 'include' }));

/** Order and visibility of a room's cards, saved together when it is done. */
export function Arrange({ room, onDone }: { room: Room; onDone: () => void }) {
  const text = useText();
  const input = { params: { id: room.id }, query: { status: 'all' } };
  const { value, failure } = useWanted(wanted('GET /api/rooms/{id}/widgets', input));
  if (value === null) return failure ? <FailureNotice failure={failure} /> : <Loading />;
  return (
    <>
      <p class="muted">{text.home.arrangeHint}</p>
      <Places room={room} initial={placesOf(value.widgets)} onDone={onDone} />
    </>
  );
}

interface PlacesProps {
  room: Room;
  initial: Place[];
  onDone: () => void;
}

function Places({ room, initial, onDone }: PlacesProps) {
  const text = useText();
  const format = useFormat();
  const { run, busy, failure } = useAction();
  /** Taken once: what others do meanwhile does not move cards under the finger. */
  const [before] = useState(initial);
  const [places, setPlaces] = useState(before);
  const [told, setTold] = useState('');
  const list = useRef<HTMLUListElement>(null);
  const focusOn = useRef<{ id: number; action: string } | null>(null);
  const drag = useDrag(list, (from, to) => setPlaces((now) => moved(now, from, to)));

  useEffect(() => {
    // A button that was pressed keeps the focus on its card's new place.
    const wish = focusOn.current;
    focusOn.current = null;
    if (wish === null) return;
    list.current
      ?.querySelector<HTMLButtonElement>(`[data-widget="${wish.id}"] [data-action="${wish.action}"]`)
      ?.focus();
  });

  const move = (index: number, by: -1 | 1) => {
    const place = places[index];
    const to = index + by;
    if (place === undefined || to < 0 || to >= places.length) return;
    setPlaces(moved(places, index, to));
    focusOn.current = { id: place.widget.widget_id, action: by < 0 ? 'earlier' : 'later' };
    setTold(text.home.moved(place.widget.name, format.number(to + 1), format.number(places.length)));
  };
  const turn = (index: number) =>
    setPlaces(places.map((place, at) => (at === index ? { ...place, shown: !place.shown } : place)));

  const save = async () => {
    if (places === before) return onDone();
    const widget_orders = places.map(({ widget, shown }, order) => ({
      widget_id: widget.widget_id,
      order,
      status: shown ? ('include' as const) : ('exclude' as const),
    }));
    const body = { widget_orders };
    const saved = await run((client) =>
      client.call('POST /api/rooms/{id}/widgets/order', { params: { id: room.id }, body }),
    );
    if (saved !== null) onDone();
  };

  return (
    <>
      <div class="arrange-bar">
        <button type="button" class="button" onClick={onDone}>
          {text.common.cancel}
        </button>
        <button type="button" class="button primary" disabled={busy} onClick={() => void save()}>
          <Icon name="check" size={18} />
          {busy ? text.common.working : text.home.done}
        </button>
      </div>
      <FailureNotice failure={failure} />
      <p class="visually-hidden" aria-live="assertive">
        {told}
      </p>
      <ul class="arrange" ref={list}>
        {places.map(({ widget, shown }, index) => (
          <li
            key={widget.widget_id}
            data-widget={widget.widget_id}
            data-index={index}
            class={[shown ? '' : 'is-hidden', drag.held === index ? 'is-held' : ''].join(' ')}
          >
            <span class="grip" aria-hidden="true" onPointerDown={(event) => drag.begin(event, index)}>
              <Icon name="grip" />
            </span>
            <span class="arrange-name">
              <strong>{widget.name}</strong>
              <span class="muted">
                {widget.device.device_name}
                {!shown && ` · ${text.home.hidden}`}
              </span>
            </span>
            <button
              type="button"
              class="button quiet icon-only"
              data-action="earlier"
              aria-label={text.home.earlier(widget.name)}
              aria-disabled={index === 0}
              onClick={() => move(index, -1)}
            >
              <Icon name="up" />
            </button>
            <button
              type="button"
              class="button quiet icon-only"
              data-action="later"
              aria-label={text.home.later(widget.name)}
              aria-disabled={index === places.length - 1}
              onClick={() => move(index, 1)}
            >
              <Icon name="down" />
            </button>
            <button
              type="button"
              class="button quiet icon-only"
              aria-pressed={shown}
              aria-label={shown ? text.home.hide(widget.name) : text.home.show(widget.name)}
              onClick={() => turn(index)}
            >
              <Icon name={shown ? 'eye' : 'eyeOff'} />
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
