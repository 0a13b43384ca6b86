import { useState } from 'preact/hooks';
import type { Room, User } from '../../client/index.ts';
import { ROOMS, USERS } from '../../state/index.ts';
import '../../styles/admin.css';
import { useFormat, useText, useUser, useWanted } from '../../ui/context.ts';
import { FailureNotice, Loading } from '../../ui/feedback.tsx';
import { Icon } from '../../ui/icon.tsx';
import { Page } from '../../ui/page.tsx';
import { AccountDialog } from './account-dialog.tsx';
import { type Made, MadeDialog } from './made-dialog.tsx';
import { RemoveDialog } from './remove-dialog.tsx';

type Doing =
  | { what: 'add' }
  | { what: 'edit' | 'remove'; user: User }
  /** A password that nobody has chosen is told this once. */
  | { what: 'tell'; made: Made };

export function UsersPage(_: Record<string, unknown>) {
  const text = useText();
  const { value: users, failure } = useWanted(USERS);
  const rooms = useWanted(ROOMS).value ?? [];
  const [doing, setDoing] = useState<Doing | null>(null);
  const close = () => setDoing(null);
  const onSaved = (made: Made | null) => setDoing(made === null ? null : { what: 'tell', made });
  const isLastAdmin = (user: User) =>
    user.role === 'ADMIN' && users?.filter(({ role }) => role === 'ADMIN').length === 1;
  return (
    <Page
      title={text.users.title}
      actions={
        users !== null && (
          <button type="button" class="button primary" onClick={() => setDoing({ what: 'add' })}>
            <Icon name="plus" size={18} />
            {text.users.add}
          </button>
        )
      }
    >
      <FailureNotice failure={failure} />
      {users === null && failure === null && <Loading />}
      {users !== null && (
        <ul class="listing people">
          {users.map((user) => (
            <Person key={user.id} user={user} rooms={rooms} onDo={setDoing} />
          ))}
        </ul>
      )}
      {doing?.what === 'add' && (
        <AccountDialog user={null} isLastAdmin={false} rooms={rooms} onClose={close} onSaved={onSaved} />
      )}
      {doing?.what === 'edit' && (
        <AccountDialog
          user={doing.user}
          isLastAdmin={isLastAdmin(doing.user)}
          rooms={rooms}
          onClose={close}
          onSaved={onSaved}
        />
      )}
      {doing?.what === 'remove' && (
        <RemoveDialog user={doing.user} isLastAdmin={isLastAdmin(doing.user)} onClose={close} />
      )}
      {doing?.what === 'tell' && <MadeDialog made={doing.made} onClose={close} />}
    </Page>
  );
}

interface PersonProps {
  user: User;
  rooms: readonly Room[];
  onDo: (doing: Doing) => void;
}

const initialOf = (name: string) => ([...name.trim()][0] ?? '?').toLocaleUpperCase();
const BADGES = { ADMIN: 'badge accent', USER: 'badge', INTEGRATION: 'badge' } as const;

function Person({ user, rooms, onDo }: PersonProps) {
  const text = useText();
  const format = useFormat();
  const me = useUser();
  const { username, role } = user;
  const shown = user.name ?? username;
  return (
    <li>
      <span class="listing-icon round" aria-hidden="true">
        {role === 'INTEGRATION' ? <Icon name="link" /> : initialOf(shown)}
      </span>
      <div class="listing-name">
        <div class="people-name">
          <h2 dir="auto">{shown}</h2>
          <span class={BADGES[role]}>{text.users.roles[role]}</span>
          {user.id === me.id && <span class="badge good">{text.users.you}</span>}
        </div>
        <p class="muted" dir="auto">
          {user.name !== null && `${username} · `}
          {text.users.since(format.date(user.created_at))}
        </p>
      </div>
      <div class="people-rights">
        <p dir="auto">{useRights(user, rooms)}</p>
        {user.must_change_password && (
          <span class="badge warn">
            <Icon name="key" size={14} />
            {text.users.mustChange}
          </span>
        )}
      </div>
      <div class="listing-actions">
        <button
          type="button"
          class="button quiet icon-only"
          aria-label={text.users.editOne(shown)}
          onClick={() => onDo({ what: 'edit', user })}
        >
          <Icon name="edit" />
        </button>
        <button
          type="button"
          class="button quiet icon-only"
          aria-label={text.users.removeOne(shown)}
          onClick={() => onDo({ what: 'remove', user })}
        >
          <Icon name="trash" />
        </button>
      </div>
    </li>
  );
}

/** What an account reaches, in few words. */
function useRights({ role, room_ids, acl }: User, rooms: readonly Room[]): string {
  const text = useText();
  const format = useFormat();
  if (role === 'ADMIN') return text.users.allRooms;
  if (role === 'INTEGRATION') {
    const count = acl.publish.length + acl.subscribe.length;
    return count === 0 ? text.users.noTopics : text.users.topicCount(format.number(count), count === 1);
  }
  const names = rooms.filter(({ id }) => room_ids.includes(id)).map(({ name }) => name);
  return names.length === 0 ? text.users.noRooms : format.list(names);
}
