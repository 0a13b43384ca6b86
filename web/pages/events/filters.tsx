import { useEffect, useId, useState } from 'preact/hooks';
import { ANY_EVENT, type EventFilter, isFiltered, partsOf } from '../../state/event-filter.ts';
import { dayOf, type EventGroup, eventGroups } from '../../state/event-groups.ts';
import { ROOMS, seldom, USERS, wanted } from '../../state/index.ts';
import { useFormat, useText, useWanted } from '../../ui/context.ts';
import { Choice } from '../../ui/fields.tsx';
import { Icon } from '../../ui/icon.tsx';

const CHOICES_MS = 60_000;
/** Whoever types is not asked for at every letter. */
const TYPING_MS = 500;
const SUGGESTED = 20;

interface FiltersProps {
  filter: EventFilter;
  onChange(filter: EventFilter): void;
}

export function Filters({ filter, onChange }: FiltersProps) {
  const text = useText();
  const format = useFormat();
  const rooms = useWanted(seldom(ROOMS, CHOICES_MS)).value ?? [];
  const users = useWanted(seldom(USERS, CHOICES_MS)).value ?? [];
  /** null: as long as something is looked for. */
  const [opened, setOpen] = useState<boolean | null>(null);
  const open = opened ?? isFiltered(filter);
  const id = useId();
  const [device, setDevice] = useState(filter.device ?? '');
  const suggested = useWanted(
    device === ''
      ? null
      : wanted('GET /api/devices', { query: { q: device.slice(0, 64), limit: SUGGESTED } }, CHOICES_MS),
  ).value;
  const count = partsOf(filter).length / 2;
  const change = (part: Partial<EventFilter>) => onChange({ ...filter, ...part });
  const today = dayOf(Date.now());
  return (
    <section class="event-filters" aria-label={text.events.filter}>
      <div class="event-filters-head">
        <button
          type="button"
          class="button"
          aria-expanded={open}
          aria-controls={id}
          onClick={() => setOpen(!open)}
        >
          <Icon name="search" size={18} />
          {count === 0 ? text.events.filter : text.events.filterCount(format.number(count))}
        </button>
        {count > 0 && (
          <button
            type="button"
            class="button quiet"
            onClick={() => {
              setDevice('');
              onChange(ANY_EVENT);
            }}
          >
            <Icon name="close" size={18} />
            {text.events.clear}
          </button>
        )}
      </div>
      <div id={id} class="event-filters-body" hidden={!open}>
        <Choice
          label={text.events.kind}
          value={filter.group ?? ''}
          options={[
            { value: '', label: text.common.all },
            ...eventGroups.map((group) => ({ value: group, label: text.events.groups[group] })),
          ]}
          onChange={(value) => change({ group: value === '' ? null : (value as EventGroup) })}
        />
        <Typed
          label={text.common.device}
          hint={text.events.deviceHint}
          value={filter.device ?? ''}
          options={suggested?.devices.map(({ device_id, device_name }) => [device_id, device_name]) ?? []}
          maxLength={64}
          onTyping={setDevice}
          onChange={(value) => change({ device: value === '' ? null : value })}
        />
        <Choice
          label={text.common.room}
          value={String(filter.room ?? '')}
          options={[
            { value: '', label: text.common.all },
            ...rooms.map((room) => ({ value: String(room.id), label: room.name })),
            // One that was deleted still has its events.
            ...(filter.room !== null && !rooms.some((room) => room.id === filter.room)
              ? [{ value: String(filter.room), label: text.events.room(format.number(filter.room)) }]
              : []),
          ]}
          onChange={(value) => change({ room: value === '' ? null : Number(value) })}
        />
        <Typed
          label={text.events.person}
          hint={text.events.personHint}
          value={filter.person ?? ''}
          options={users.map(({ username, name }) => [username, name ?? ''])}
          maxLength={256}
          onChange={(value) => change({ person: value === '' ? null : value })}
        />
        <DayField
          label={text.events.from}
          value={filter.from}
          max={filter.to ?? today}
          onChange={(from) => change({ from })}
        />
        <DayField
          label={text.events.to}
          value={filter.to}
          min={filter.from ?? undefined}
          max={today}
          onChange={(to) => change({ to })}
        />
      </div>
    </section>
  );
}

interface TypedProps {
  label: string;
  hint: string;
  value: string;
  /** What may be meant, each with words for it. */
  options: readonly (readonly [value: string, label: string])[];
  maxLength: number;
  onTyping?(value: string): void;
  onChange(value: string): void;
}

/** Text with suggestions; it counts once the typing has stopped. */
function Typed({ label, hint, value, options, maxLength, onTyping, onChange }: TypedProps) {
  const id = useId();
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed.trim() === value) return;
    const timer = setTimeout(() => onChange(typed.trim()), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, value, onChange]);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="search"
        list={`${id}-options`}
        value={typed}
        maxLength={maxLength}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        aria-describedby={`${id}-hint`}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          onTyping?.(event.currentTarget.value.trim());
        }}
      />
      <datalist id={`${id}-options`}>
        {options.map(([option, words]) => (
          <option key={option} value={option}>
            {words}
          </option>
        ))}
      </datalist>
      <p class="hint" id={`${id}-hint`}>
        {hint}
      </p>
    </div>
  );
}

interface DayFieldProps {
  label: string;
  value: string | null;
  min?: string | undefined;
  max: string;
  onChange(value: string | null): void;
}

function DayField({ label, value, min, max, onChange }: DayFieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="date"
        value={value ?? ''}
        min={min}
        max={max}
        onChange={({ currentTarget }) => onChange(currentTarget.value === '' ? null : currentTarget.value)}
      />
    </div>
  );
}
