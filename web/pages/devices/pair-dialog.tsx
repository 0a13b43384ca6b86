import '../../styles/pairing.css';
import { useState } from 'preact/hooks';
import type { Device } from '../../client/index.ts';
import { ROOMS } from '../../state/index.ts';
import { useAction } from '../../ui/action.ts';
import { useCore, useText, useWanted } from '../../ui/context.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { Notice } from '../../ui/feedback.tsx';
import { Field } from '../../ui/fields.tsx';
import { deviceWanted, hasAddress } from './asked.ts';
import { PairCards } from './pair-cards.tsx';
import { PairFailed, PairWaiting } from './pair-progress.tsx';
import { isChosen, RoomChoice, type RoomWish, roomFor } from './room-choice.tsx';

/** The server decides when the device has had time enough (PAIR_TIMEOUT); this only ends what nobody would await. */
const ANSWER_MS = 300_000;

interface PairDialogProps {
  device: Device;
  onClose(): void;
}

/** Puts a device into a room, lets it confirm its key if there is one, and then chooses its cards. */
export function PairDialog({ device: before, onClose }: PairDialogProps) {
  const text = useText().devices.pairing;
  const { device_id, device_name, room_id } = before;
  const { poller } = useCore();
  const { run, busy, failure, clear } = useAction();
  const [wish, setWish] = useState<RoomWish>({ chosen: '', name: '' });
  const [key, setKey] = useState('');
  const [since, setSince] = useState(0);
  const [paired, setPaired] = useState<Device | null>(null);
  const rooms = useWanted(ROOMS).value;
  const told = useWanted(hasAddress(device_id) ? deviceWanted(device_id) : null).value;
  const device = told ?? before;

  const pair = async () => {
    setSince(Date.now());
    const result = await run(async (client) => {
      const room = await roomFor(client, wish);
      if (String(room) !== wish.chosen) {
        // Made is made: another attempt is for this room.
        setWish({ chosen: String(room), name: '' });
        poller.refresh(ROOMS.key);
      }
      return await client.call('POST /api/devices/{device_id}/pair', {
        params: { device_id },
        body: { room_id: room, ...(key.trim() !== '' && { device_key: key.trim() }) },
        timeoutMs: ANSWER_MS,
      });
    });
    if (result !== null) setPaired(result);
  };

  if (paired !== null && paired.room_id !== null) {
    const room = { id: paired.room_id, name: rooms?.find(({ id }) => id === paired.room_id)?.name ?? '' };
    return (
      <Dialog title={text.cardsTitle(device_name)} onClose={onClose}>
        {key.trim() !== '' && <Notice tone="good">{text.confirmed}</Notice>}
        <PairCards device={paired} room={room} onClose={onClose} />
      </Dialog>
    );
  }
  const title = room_id === null ? text.title(device_name) : text.moveTitle(device_name);
  return (
    <Dialog title={title} onClose={onClose}>
      {busy && <PairWaiting withKey={key.trim() !== ''} since={since} />}
      {failure !== null && (
        <PairFailed failure={failure} device={device} onAgain={() => void pair()} onBack={clear} />
      )}
      {!busy && failure === null && (
        <PairForm
          wish={wish}
          onWish={setWish}
          code={key}
          onCode={setKey}
          device={device}
          onSubmit={() => void pair()}
          onClose={onClose}
        />
      )}
    </Dialog>
  );
}

interface PairFormProps {
  wish: RoomWish;
  onWish(wish: RoomWish): void;
  code: string;
  onCode(code: string): void;
  device: Device;
  onSubmit(): void;
  onClose(): void;
}

function PairForm({ wish, onWish, code, onCode, device, onSubmit, onClose }: PairFormProps) {
  const text = useText();
  const words = text.devices.pairing;
  const [hurried, setHurried] = useState(false);
  const missing = !isChosen(wish);
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        if (missing) setHurried(true);
        else onSubmit();
      }}
    >
      <RoomChoice wish={wish} except={device.room_id} onChange={onWish} />
      {hurried && missing && <Notice tone="bad">{words.chooseRoom}</Notice>}
      <Field
        label={words.key}
        value={code}
        onInput={onCode}
        maxLength={256}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        hint={words.keyHint}
      />
      {code.trim() !== '' && !device.connected && <Notice tone="warn">{words.keyOffline}</Notice>}
      <div class="form-end">
        <button type="button" class="button" onClick={onClose}>
          {text.common.cancel}
        </button>
        <button type="submit" class="button primary">
          {device.room_id === null ? words.submit : words.move}
        </button>
      </div>
    </form>
  );
}
