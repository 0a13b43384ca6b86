import { useId } from 'preact/hooks';
import type { Room } from '../../client/index.ts';
import type { DeviceFilter } from '../../state/device-list.ts';
import { useIsAdmin, useText } from '../../ui/context.ts';
import { Choice } from '../../ui/fields.tsx';
import { Icon } from '../../ui/icon.tsx';

interface FiltersProps {
  filter: DeviceFilter;
  rooms: readonly Room[];
  onChange(change: Partial<DeviceFilter>): void;
}

const roomOf = (value: string): DeviceFilter['room'] =>
  value === 'all' || value === 'none' ? value : Number(value);

export function Filters({ filter, rooms, onChange }: FiltersProps) {
  const text = useText();
  const words = text.devices;
  const isAdmin = useIsAdmin();
  const id = useId();
  return (
    <search class="device-filters">
      <div class="field">
        <label for={id}>{text.common.search}</label>
        <div class="search-box">
          <Icon name="search" size={18} />
          <input
            id={id}
            type="search"
            value={filter.search}
            maxLength={100}
            placeholder={words.searchHint}
            autocomplete="off"
            onInput={(event) => onChange({ search: event.currentTarget.value })}
          />
        </div>
      </div>
      <Choice
        label={words.filterRoom}
        value={String(filter.room)}
        options={[
          { value: 'all', label: words.allRooms },
          // What is in no room only administrators see.
          ...(isAdmin ? [{ value: 'none', label: words.unpairedOnly }] : []),
          ...rooms.map((room) => ({ value: String(room.id), label: room.name })),
        ]}
        onChange={(value) => onChange({ room: roomOf(value) })}
      />
      <Choice
        label={words.filterStatus}
        value={filter.status}
        options={[
          { value: 'all', label: words.allStates },
          { value: 'online', label: words.online },
          { value: 'offline', label: words.offline },
        ]}
        onChange={(value) => onChange({ status: value as DeviceFilter['status'] })}
      />
    </search>
  );
}
