import '../../styles/pairing.css';
import { useState } from 'preact/hooks';
import type { Device } from '../../client/index.ts';
import { cardsOf, firstChoice, placesBehind } from '../../state/cards-of-device.ts';
import { ROOMS } from '../../state/index.ts';
import { useAction } from '../../ui/action.ts';
import { useFormat, useText, useWanted } from '../../ui/context.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { FailureNotice, Loading, Notice } from '../../ui/feedback.tsx';
import { Check } from '../../ui/fields.tsx';
import { linkTo } from '../../ui/route.ts';
import { deviceWanted } from './asked.ts';

interface PairCardsProps {
  device: Device;
  room: { id: number; name: string };
  onClose(): void;
}

/** Which widgets of a device are cards in its room: saved with one call. */
export function PairCards({ device, room, onClose }: PairCardsProps) {
  const text = useText();
  const words = text.devices.pairing;
  const format = useFormat();
  const { run, busy, failure } = useAction();
  const [cards] = useState(() => cardsOf(device));
  const [ticked, setTicked] = useState(() => firstChoice(cards));
  const [saved, setSaved] = useState(false);

  const save = async () => {
    const params = { id: room.id };
    const result = await run(async (client) => {
      const all = await client.call('GET /api/rooms/{id}/widgets', { params, query: { status: 'all' } });
      const widget_orders = placesBehind(cards, ticked, all.widgets);
      return await client.call('POST /api/rooms/{id}/widgets/order', { params, body: { widget_orders } });
    });
    if (result !== null) setSaved(true);
  };
  const tick = (id: number, on: boolean) => {
    const next = new Set(ticked);
    if (on) next.add(id);
    else next.delete(id);
    setTicked(next);
  };

  const toRoom = (primary: boolean) => (
    <a class={primary ? 'button primary' : 'button'} href={linkTo('rooms', room.id)} onClick={onClose}>
      {words.toRoom(room.name)}
    </a>
  );
  if (saved || cards.length === 0) {
    const count = format.number(ticked.size);
    return (
      <>
        <Notice tone="good">
          {saved && ticked.size > 0 ? words.done(count, room.name) : words.doneNone(room.name)}
        </Notice>
        {cards.length === 0 && <p>{words.cardsNone}</p>}
        <div class="form-end">
          <button type="button" class="button" onClick={onClose}>
            {text.common.close}
          </button>
          {toRoom(true)}
        </div>
      </>
    );
  }
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <p role="status">
        {words.paired(room.name)} {words.cardsHint}
      </p>
      <fieldset class="ticks">
        <legend class="visually-hidden">{words.cardsTitle(device.device_name)}</legend>
        {cards.map(({ widget_id, name, unit, capability }) => (
          <Check
            key={widget_id}
            checked={ticked.has(widget_id)}
            onChange={(on) => tick(widget_id, on)}
            label={
              <>
                {name}{' '}
                <span class="muted">
                  {capability.capability_type} · {capability.control_type}
                  {unit !== null && ` · ${unit}`}
                </span>
              </>
            }
          />
        ))}
      </fieldset>
      {cards.length > 1 && (
        <div class="tick-all">
          <button
            type="button"
            class="button quiet"
            onClick={() => setTicked(new Set(cards.map(({ widget_id }) => widget_id)))}
          >
            {words.all}
          </button>
          <button type="button" class="button quiet" onClick={() => setTicked(new Set())}>
            {words.none}
          </button>
        </div>
      )}
      <FailureNotice failure={failure} />
      <div class="form-end">
        <button type="button" class="button" onClick={onClose}>
          {words.later}
        </button>
        <button type="submit" class="button primary" disabled={busy}>
          {busy ? text.common.working : words.show}
        </button>
      </div>
    </form>
  );
}

/** The same for a device that came into its room without anybody choosing: its enrolment had a room. */
export function CardsDialog({ deviceId, onClose }: { deviceId: string; onClose: () => void }) {
  const text = useText();
  const { value: device, failure } = useWanted(deviceWanted(deviceId));
  const room = useWanted(ROOMS).value?.find(({ id }) => id === device?.room_id);
  return (
    <Dialog title={text.devices.pairing.cardsTitle(device?.device_name ?? deviceId)} onClose={onClose}>
      <FailureNotice failure={failure} />
      {device !== null && room !== undefined ? (
        <PairCards device={device} room={room} onClose={onClose} />
      ) : (
        failure === null && <Loading />
      )}
    </Dialog>
  );
}
