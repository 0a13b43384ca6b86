import { useId } from 'preact/hooks';
import type { Room, User } from '../../client/index.ts';
import { useText } from '../../ui/context.ts';
import { Check } from '../../ui/fields.tsx';

export type Role = User['role'];
const ROLES: readonly Role[] = ['USER', 'ADMIN', 'INTEGRATION'];

interface RoleChoiceProps {
  value: Role;
  locked: boolean;
  onChange(role: Role): void;
}

export function RoleChoice({ value, locked, onChange }: RoleChoiceProps) {
  const text = useText();
  const name = useId();
  return (
    <fieldset class="roles">
      <legend>{text.users.role}</legend>
      {ROLES.map((role) => (
        <label key={role}>
          <input
            type="radio"
            name={name}
            checked={role === value}
            disabled={locked && role !== value}
            onChange={() => onChange(role)}
          />
          <strong>{text.users.roles[role]}</strong>
          <span class="hint">{text.users.roleHints[role]}</span>
        </label>
      ))}
    </fieldset>
  );
}

interface RoomGrantsProps {
  rooms: readonly Room[];
  value: readonly number[];
  onChange(ids: readonly number[]): void;
}

export function RoomGrants({ rooms, value, onChange }: RoomGrantsProps) {
  const text = useText();
  return (
    <fieldset class="grants">
      <legend>{text.users.rooms}</legend>
      {rooms.length === 0 ? (
        <p class="hint">{text.users.noRoomsYet}</p>
      ) : (
        <ul>
          {rooms.map(({ id, name }) => (
            <li key={id}>
              <Check
                label={name}
                checked={value.includes(id)}
                onChange={(checked) =>
                  onChange(checked ? [...value, id] : value.filter((other) => other !== id))
                }
              />
            </li>
          ))}
        </ul>
      )}
      <p class="hint">{text.users.roomsHint}</p>
    </fieldset>
  );
}
