import { useEffect, useState } from 'preact/hooks';
import type { Room } from '../../client/index.ts';
import { ROOMS, wanted } from '../../state/index.ts';
import { useIsAdmin, useText, useWanted } from '../../ui/context.ts';
import { FailureNotice, Loading } from '../../ui/feedback.tsx';
import { Icon } from '../../ui/icon.tsx';
import { Page } from '../../ui/page.tsx';
import { linkTo, navigate } from '../../ui/route.ts';
import { Arrange } from './arrange.tsx';
import { Card } from './card.tsx';
import { EmptyRoom, NoRooms } from './empty.tsx';

const LAST_ROOM = 'pm-iot-room';

const lastRoom = () => {
  try {
    return Number(localStorage.getItem(LAST_ROOM));
  } catch {
    return 0;
  }
};

/** The rooms of whoever looks, and the cards of one of them. */
export function HomePage({ roomId }: { roomId: number | null }) {
  const text = useText();
  const { value: rooms, failure } = useWanted(ROOMS);
  if (rooms === null) {
    return <Page title={text.home.title}>{failure ? <FailureNotice failure={failure} /> : <Loading />}</Page>;
  }
  if (rooms.length === 0) return <NoRooms />;
  const wish = roomId ?? lastRoom();
  const room = rooms.find(({ id }) => id === wish) ?? rooms[0];
  return room === undefined ? null : <RoomCards key={room.id} room={room} rooms={rooms} />;
}

function RoomTabs({ rooms, current }: { rooms: readonly Room[]; current: Room }) {
  const text = useText();
  useEffect(() => {
    document
      .querySelector('.room-tabs [aria-current]')
      ?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, []);
  return (
    <nav class="room-tabs" aria-label={text.home.roomsLabel}>
      <ul>
        {rooms.map(({ id, name }) => (
          <li key={id}>
            <a href={linkTo('rooms', id)} aria-current={id === current.id ? 'page' : undefined}>
              {name}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function RoomCards({ room, rooms }: { room: Room; rooms: readonly Room[] }) {
  const text = useText();
  const isAdmin = useIsAdmin();
  const [arranging, setArranging] = useState(false);
  const { value, failure } = useWanted(wanted('GET /api/rooms/{id}/widgets', { params: { id: room.id } }));
  useEffect(() => {
    try {
      localStorage.setItem(LAST_ROOM, String(room.id));
    } catch {
      // The next visit begins in the first room, then.
    }
  }, [room.id]);
  useEffect(() => {
    // An address without a room, or with one that is gone, becomes this one's.
    if (location.hash !== linkTo('rooms', room.id)) history.replaceState(null, '', linkTo('rooms', room.id));
  }, [room.id]);
  const cards = value?.widgets.filter(({ capability }) => capability.control_type !== 'heartbeat') ?? [];
  return (
    <Page
      title={room.name}
      actions={
        !arranging && (
          <>
            {isAdmin && (
              <button type="button" class="button compact" onClick={() => navigate('devices')}>
                <Icon name="plus" size={18} />
                <span>{text.common.device}</span>
              </button>
            )}
            <button type="button" class="button compact" onClick={() => setArranging(true)}>
              <Icon name="edit" size={18} />
              <span>{text.home.arrange}</span>
            </button>
          </>
        )
      }
    >
      {!arranging && <RoomTabs rooms={rooms} current={room} />}
      <FailureNotice failure={failure} />
      {value === null && failure === null && <Loading />}
      {arranging ? (
        <Arrange room={room} onDone={() => setArranging(false)} />
      ) : (
        value !== null &&
        (cards.length === 0 ? (
          <EmptyRoom room={room} />
        ) : (
          <ul class="cards">
            {cards.map((widget) => (
              <Card key={widget.widget_id} widget={widget} />
            ))}
          </ul>
        ))
      )}
    </Page>
  );
}
