import type { Client, Room } from '../../client/index.ts';
import { ROOMS } from '../../state/index.ts';
import { useText, useWanted } from '../../ui/context.ts';
import { Choice, Field } from '../../ui/fields.tsx';

const NEW = 'new';

/** A room that is there, or one that is made as soon as it is needed. `''`: nothing is chosen yet. */
export interface RoomWish {
  chosen: string;
  name: string;
}

export const isChosen = ({ chosen, name }: RoomWish) =>
  chosen !== '' && (chosen !== NEW || name.trim() !== '');

/** Gives the room that was wished for, and makes it if need be. */
export async function roomFor(client: Client, { chosen, name }: RoomWish): Promise<number> {
  if (chosen !== NEW) return Number(chosen);
  return (await client.call('POST /api/rooms', { body: { name } })).id;
}

interface RoomChoiceProps {
  wish: RoomWish;
  /** Not to be chosen: the device is there already. */
  except: number | null;
  onChange(wish: RoomWish): void;
}

const without = (rooms: readonly Room[] | null, except: number | null) =>
  rooms?.filter(({ id }) => id !== except) ?? [];

export function RoomChoice({ wish, except, onChange }: RoomChoiceProps) {
  const text = useText().devices.pairing;
  const rooms = without(useWanted(ROOMS).value, except);
  return (
    <>
      <Choice
        label={text.room}
        value={wish.chosen}
        options={[
          ...(wish.chosen === '' ? [{ value: '', label: text.chooseRoom }] : []),
          ...rooms.map(({ id, name }) => ({ value: String(id), label: name })),
          { value: NEW, label: text.newRoom },
        ]}
        onChange={(chosen) => onChange({ ...wish, chosen })}
      />
      {wish.chosen === NEW && (
        <Field
          label={text.newRoomName}
          value={wish.name}
          maxLength={100}
          autocomplete="off"
          required
          onInput={(name) => onChange({ ...wish, name })}
        />
      )}
    </>
  );
}
