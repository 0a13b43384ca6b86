import { useState } from 'preact/hooks';
import type { Room, User } from '../client/index.ts';
import { ROOMS, seldom, USERS } from '../state/index.ts';
import { retold } from '../state/retold.ts';
import '../styles/admin.css';
import { useAction } from '../ui/action.ts';
import { useFormat, useText, useWanted } from '../ui/context.ts';
import { FormDialog } from '../ui/dialog.tsx';
import { Empty, FailureNotice, Loading } from '../ui/feedback.tsx';
import { Field } from '../ui/fields.tsx';
import { Icon } from '../ui/icon.tsx';
import { Page } from '../ui/page.tsx';
import { linkTo } from '../ui/route.ts';

const PEOPLE = seldom(USERS, 60_000);
const LONGEST_NAME = 100;

type Doing = { what: 'add' } | { what: 'rename' | 'remove'; room: Room };

export function RoomsPage(_: Record<string, unknown>) {
  const text = useText();
  const { value: rooms, failure } = useWanted(ROOMS);
  const users = useWanted(PEOPLE).value;
  const [doing, setDoing] = useState<Doing | null>(null);
  const add = (
    <button type="button" class="button primary" onClick={() => setDoing({ what: 'add' })}>
      <Icon name="plus" size={18} />
      {text.rooms.add}
    </button>
  );
  const close = () => setDoing(null);
  return (
    <Page title={text.rooms.title} actions={rooms !== null && rooms.length > 0 && add}>
      <FailureNotice failure={failure} />
      {rooms === null && failure === null && <Loading />}
      {rooms?.length === 0 && (
        <Empty title={text.rooms.empty}>
          <p>{text.rooms.emptyHint}</p>
          {add}
        </Empty>
      )}
      {rooms !== null && rooms.length > 0 && (
        <ul class="listing tiles">
          {rooms.map((room) => (
            <RoomRow key={room.id} room={room} onDo={setDoing} />
          ))}
        </ul>
      )}
      {doing?.what === 'add' && <NameDialog room={null} onClose={close} />}
      {doing?.what === 'rename' && <NameDialog room={doing.room} onClose={close} />}
      {doing?.what === 'remove' && <RemoveDialog room={doing.room} users={users} onClose={close} />}
    </Page>
  );
}

function RoomRow({ room, onDo }: { room: Room; onDo: (doing: Doing) => void }) {
  const text = useText();
  const format = useFormat();
  const { name, devices_count: count } = room;
  return (
    <li>
      <span class="listing-icon">
        <Icon name="rooms" size={22} />
      </span>
      <div class="listing-name">
        <h2>
          <a href={linkTo('rooms', room.id)} dir="auto">
            {name}
          </a>
        </h2>
        <p class="muted">
          {count === 0 ? text.rooms.noDevices : text.rooms.devices(format.number(count), count === 1)}
        </p>
      </div>
      <div class="listing-actions">
        <button
          type="button"
          class="button quiet icon-only"
          aria-label={text.rooms.renameOne(name)}
          onClick={() => onDo({ what: 'rename', room })}
        >
          <Icon name="edit" />
        </button>
        <button
          type="button"
          class="button quiet icon-only"
          aria-label={text.rooms.removeOne(name)}
          onClick={() => onDo({ what: 'remove', room })}
        >
          <Icon name="trash" />
        </button>
      </div>
    </li>
  );
}

/** Of a new room, or another name of one that there is. */
function NameDialog({ room, onClose }: { room: Room | null; onClose: () => void }) {
  const text = useText();
  const { run, busy, failure } = useAction();
  const [name, setName] = useState(room?.name ?? '');
  const save = async () => {
    const body = { name };
    const saved = await run((client) =>
      room === null
        ? client.call('POST /api/rooms', { body })
        : client.call('PUT /api/rooms/{id}', { params: { id: room.id }, body }),
    );
    if (saved !== null) onClose();
  };
  return (
    <FormDialog
      title={room === null ? text.rooms.add : text.rooms.renameTitle}
      submit={room === null ? text.rooms.make : text.common.save}
      busy={busy}
      failure={retold(failure, { CONFLICT: text.rooms.taken })}
      onClose={onClose}
      onSubmit={() => void save()}
    >
      <Field
        label={text.common.name}
        value={name}
        onInput={setName}
        maxLength={LONGEST_NAME}
        placeholder={text.rooms.namePlaceholder}
        autocomplete="off"
        required
      />
    </FormDialog>
  );
}

interface RemoveDialogProps {
  room: Room;
  /** null: not told yet. */
  users: readonly User[] | null;
  onClose: () => void;
}

/** Names what goes with it before it goes. */
function RemoveDialog({ room, users, onClose }: RemoveDialogProps) {
  const text = useText();
  const format = useFormat();
  const { run, busy, failure } = useAction();
  const { devices_count: count } = room;
  const granted = users
    ?.filter(({ role, room_ids }) => role === 'USER' && room_ids.includes(room.id))
    .map(({ name, username }) => name ?? username);
  const remove = async () => {
    const done = await run(async (client) => {
      await client.call('DELETE /api/rooms/{id}', { params: { id: room.id } });
      return true;
    });
    if (done) onClose();
  };
  return (
    <FormDialog
      title={text.rooms.removeTitle(room.name)}
      submit={text.rooms.removeSubmit}
      busy={busy}
      failure={failure}
      danger
      onClose={onClose}
      onSubmit={() => void remove()}
    >
      <ul class="consequences">
        <li>
          {count === 0
            ? text.rooms.removeNoDevices
            : text.rooms.removeDevices(format.number(count), count === 1)}
        </li>
        {granted !== undefined && (
          <li>
            {granted.length === 0 ? text.rooms.removeNoPeople : text.rooms.removePeople(format.list(granted))}
          </li>
        )}
        <li>{text.rooms.removeFinal}</li>
      </ul>
    </FormDialog>
  );
}
