import { useState } from 'preact/hooks';
import type { Client, Room, User } from '../../client/index.ts';
import type { Messages } from '../../i18n/en.ts';
import { retold } from '../../state/retold.ts';
import { filtersOf, lineFaults, MOST_FILTERS } from '../../state/topic-lines.ts';
import { type Action, useAction } from '../../ui/action.ts';
import { useText, useUser } from '../../ui/context.ts';
import { FormDialog } from '../../ui/dialog.tsx';
import { Notice } from '../../ui/feedback.tsx';
import { Field } from '../../ui/fields.tsx';
import type { Made } from './made-dialog.tsx';
import { type NewPassword, NO_PASSWORD, PasswordPart } from './password-part.tsx';
import { type Role, RoleChoice, RoomGrants } from './rights.tsx';
import { TopicsField } from './topics-field.tsx';

interface AccountDialogProps {
  /** null: a new one. */
  user: User | null;
  isLastAdmin: boolean;
  rooms: readonly Room[];
  onClose: () => void;
  onSaved: (made: Made | null) => void;
}

interface Draft {
  username: string;
  name: string;
  role: Role;
  roomIds: readonly number[];
  publish: string;
  subscribe: string;
  password: NewPassword;
}

const draftOf = (user: User | null): Draft => ({
  username: user?.username ?? '',
  name: user?.name ?? '',
  role: user?.role ?? 'USER',
  roomIds: user?.room_ids ?? [],
  publish: user?.acl.publish.join('\n') ?? '',
  subscribe: user?.acl.subscribe.join('\n') ?? '',
  password: NO_PASSWORD,
});

/** What the draft says of rights: nothing is left of those of another role. */
const rightsOf = ({ role, roomIds, publish, subscribe }: Draft) => ({
  role,
  room_ids: role === 'USER' ? roomIds : [],
  acl:
    role === 'INTEGRATION'
      ? { publish: filtersOf(publish), subscribe: filtersOf(subscribe) }
      : { publish: [], subscribe: [] },
});

async function saved(client: Client, user: User | null, draft: Draft): Promise<User> {
  const { username, name, role } = draft;
  const { text: password, mustChange } = draft.password;
  const body = { ...rightsOf(draft), name: name.trim() === '' ? null : name.trim() };
  const secret = { password, must_change_password: mustChange && role !== 'INTEGRATION' };
  const answer =
    user === null
      ? await client.call('POST /api/users', { body: { ...body, username, ...secret } })
      : await client.call('PUT /api/users/{id}', {
          params: { id: user.id },
          body: {
            ...body,
            ...(password !== '' && secret),
            // A program chooses no password.
            ...(role === 'INTEGRATION' && { must_change_password: false }),
          },
        });
  return answer.user;
}

const isRefusable = (topics: string) =>
  lineFaults(topics).length > 0 || filtersOf(topics).length > MOST_FILTERS;

function failureOf(text: Messages, isNew: boolean, { failure }: Action) {
  const told = failure?.text ?? '';
  return retold(failure, {
    CONFLICT: isNew ? text.users.taken : text.users.lastAdmin,
    INVALID: told.startsWith('password')
      ? text.users.weak
      : told.startsWith('room_ids')
        ? text.users.roomGone
        : undefined,
  });
}

/** A new account, or one that there is. */
export function AccountDialog({ user, isLastAdmin, rooms, onClose, onSaved }: AccountDialogProps) {
  const text = useText();
  const me = useUser();
  const action = useAction();
  const [draft, setDraft] = useState(() => draftOf(user));
  const change = (part: Partial<Draft>) => setDraft({ ...draft, ...part });
  const isOwn = user?.id === me.id;
  const { role, password } = draft;
  const save = async () => {
    if (role === 'INTEGRATION' && (isRefusable(draft.publish) || isRefusable(draft.subscribe))) return;
    const done = await action.run((client) => saved(client, user, draft));
    if (done === null) return;
    const { username } = done;
    onSaved(password.isMade ? { isNew: user === null, username, password: password.text } : null);
  };
  return (
    <FormDialog
      title={user === null ? text.users.add : text.users.editTitle(user.name ?? user.username)}
      submit={user === null ? text.users.make : text.common.save}
      busy={action.busy}
      failure={failureOf(text, user === null, action)}
      wide
      onClose={onClose}
      onSubmit={() => void save()}
    >
      {user === null && (
        <Field
          label={text.users.username}
          hint={text.users.usernameHint}
          value={draft.username}
          onInput={(username) => change({ username: username.replaceAll(/\s/g, '') })}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          maxLength={64}
          required
        />
      )}
      <Field
        label={text.users.displayName}
        hint={text.users.displayNameHint}
        value={draft.name}
        onInput={(name) => change({ name })}
        autocomplete="off"
        maxLength={100}
      />
      <RoleChoice value={role} locked={isLastAdmin} onChange={(chosen) => change({ role: chosen })} />
      {isLastAdmin && <p class="hint">{text.users.lastAdmin}</p>}
      {isOwn && role !== 'ADMIN' && <Notice tone="warn">{text.users.ownRole}</Notice>}
      {role === 'USER' && (
        <RoomGrants rooms={rooms} value={draft.roomIds} onChange={(roomIds) => change({ roomIds })} />
      )}
      {role === 'INTEGRATION' && (
        <>
          <p class="hint">{text.users.topicsHint}</p>
          <TopicsField
            label={text.users.publish}
            value={draft.publish}
            onInput={(publish) => change({ publish })}
          />
          <TopicsField
            label={text.users.subscribe}
            value={draft.subscribe}
            onInput={(subscribe) => change({ subscribe })}
          />
        </>
      )}
      {isOwn ? (
        <p>
          {text.users.ownPassword} <a href="#/account">{text.account.title}</a>
        </p>
      ) : (
        <PasswordPart
          isNew={user === null}
          isPerson={role !== 'INTEGRATION'}
          value={password}
          onChange={(next) => change({ password: next })}
        />
      )}
      {user !== null && <p class="hint">{text.users.saveHint}</p>}
    </FormDialog>
  );
}
