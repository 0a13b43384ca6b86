import { useState } from 'preact/hooks';
import type { Room } from '../../client/index.ts';
import { wanted } from '../../state/index.ts';
import { useAction } from '../../ui/action.ts';
import { useFormat, useIsAdmin, useText, useWanted } from '../../ui/context.ts';
import { Empty, FailureNotice } from '../../ui/feedback.tsx';
import { Field } from '../../ui/fields.tsx';
import { lazily } from '../../ui/lazily.tsx';
import { Page } from '../../ui/page.tsx';
import { navigate } from '../../ui/route.ts';

/** How to bring the first device: for admins, and only needed in a house that has none. */
const FirstDevice = lazily(async () => (await import('../devices/first-device.tsx')).FirstDevice);

export function NoRooms() {
  const text = useText();
  const isAdmin = useIsAdmin();
  const { run, busy, failure } = useAction();
  const [name, setName] = useState('');
  const make = async () => {
    const room = await run((client) => client.call('POST /api/rooms', { body: { name } }));
    if (room !== null) navigate('rooms', room.id);
  };
  return (
    <Page title={text.home.title}>
      <Empty title={text.home.noRooms}>
        <p>{isAdmin ? text.home.noRoomsAdmin : text.home.noRoomsUser}</p>
        {isAdmin && (
          <form
            class="form inline"
            onSubmit={(event) => {
              event.preventDefault();
              void make();
            }}
          >
            <Field label={text.common.name} value={name} onInput={setName} maxLength={100} required />
            <button type="submit" class="button primary" disabled={busy}>
              {text.home.makeRoom}
            </button>
            <FailureNotice failure={failure} />
          </form>
        )}
      </Empty>
      {isAdmin && <FirstDevice roomId={null} />}
    </Page>
  );
}

export function EmptyRoom({ room }: { room: Room }) {
  const text = useText();
  const format = useFormat();
  const isAdmin = useIsAdmin();
  const all = useWanted(
    wanted('GET /api/rooms/{id}/widgets', { params: { id: room.id }, query: { status: 'all' } }),
  ).value;
  const { run, busy, failure } = useAction();
  const hidden = all?.widgets ?? [];
  const showAll = async () => {
    const widget_orders = hidden.map(({ widget_id }, order) => ({
      widget_id,
      order,
      status: 'include' as const,
    }));
    const body = { widget_orders };
    await run((client) =>
      client.call('POST /api/rooms/{id}/widgets/order', { params: { id: room.id }, body }),
    );
  };
  const hint = isAdmin ? text.home.emptyAdmin : text.home.emptyUser;
  return (
    <>
      <Empty title={text.home.empty}>
        <p>{hidden.length > 0 ? text.home.emptyHidden(format.number(hidden.length)) : hint}</p>
        {hidden.length > 0 && (
          <button type="button" class="button primary" disabled={busy} onClick={() => void showAll()}>
            {busy ? text.common.working : text.home.showAll}
          </button>
        )}
        <FailureNotice failure={failure} />
        {isAdmin && hidden.length === 0 && (
          <a class="button primary" href="#/devices">
            {text.home.toDevices}
          </a>
        )}
      </Empty>
      {isAdmin && room.devices_count === 0 && <FirstDevice roomId={room.id} />}
    </>
  );
}
