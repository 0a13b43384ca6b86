import { useId, useState } from 'preact/hooks';
import { ROOMS, SYSTEM, seldom } from '../../state/index.ts';
import { useAction } from '../../ui/action.ts';
import { useFormat, useText, useWanted } from '../../ui/context.ts';
import { FailureNotice, Notice } from '../../ui/feedback.tsx';
import { Choice } from '../../ui/fields.tsx';
import { Icon } from '../../ui/icon.tsx';
import type { Made } from './asked.ts';

const HOUR_MS = 3_600_000;
const LENGTHS = [
  ['1h', HOUR_MS],
  ['24h', 24 * HOUR_MS],
  ['7d', 7 * 24 * HOUR_MS],
  ['30d', 30 * 24 * HOUR_MS],
] as const;
const MOST_USES = 1_000_000;

interface EnrolFormProps {
  roomId: number | null;
  onMade(made: Made): void;
  onClose(): void;
}

export function EnrolForm({ roomId, onMade, onClose }: EnrolFormProps) {
  const text = useText();
  const words = text.devices.enrol;
  const format = useFormat();
  const id = useId();
  const rooms = useWanted(ROOMS).value ?? [];
  const mode = useWanted(seldom(SYSTEM, 60_000)).value?.enrollment ?? null;
  const { run, busy, failure } = useAction();
  const [room, setRoom] = useState(roomId === null ? '' : String(roomId));
  const [count, setCount] = useState('1');
  const [length, setLength] = useState('24h');
  const make = async () => {
    const made = await run((client) =>
      client.call('POST /api/enrollments', {
        body: {
          max_uses: Number(count),
          expires_in: length,
          ...(room !== '' && { room_id: Number(room) }),
        },
      }),
    );
    if (made !== null) onMade(made);
  };
  if (mode === 'closed') return <Notice tone="warn">{words.closed}</Notice>;
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        void make();
      }}
    >
      <p>{words.intro}</p>
      {mode === 'open' && <Notice tone="warn">{words.open}</Notice>}
      <Choice
        label={words.room}
        value={room}
        options={[
          { value: '', label: words.noRoom },
          ...rooms.map(({ id: value, name }) => ({ value: String(value), label: name })),
        ]}
        onChange={setRoom}
        hint={words.roomHint}
      />
      <div class="enrol-pair">
        <div class="field">
          <label for={id}>{words.count}</label>
          <input
            id={id}
            type="number"
            inputMode="numeric"
            min={1}
            max={MOST_USES}
            step={1}
            required
            value={count}
            onInput={(event) => setCount(event.currentTarget.value)}
          />
        </div>
        <Choice
          label={words.valid}
          value={length}
          options={LENGTHS.map(([value, ms]) => ({ value, label: format.span(ms) }))}
          onChange={setLength}
        />
      </div>
      <FailureNotice failure={failure} />
      <div class="form-end">
        <button type="button" class="button" onClick={onClose}>
          {text.common.cancel}
        </button>
        <button type="submit" class="button primary" disabled={busy}>
          <Icon name="qr" size={18} />
          {busy ? text.common.working : words.submit}
        </button>
      </div>
    </form>
  );
}
