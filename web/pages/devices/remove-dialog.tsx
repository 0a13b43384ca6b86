import { useState } from 'preact/hooks';
import { cardsOf } from '../../state/cards-of-device.ts';
import type { Wanted } from '../../state/index.ts';
import { useAction } from '../../ui/action.ts';
import { useFormat, useText, useWanted } from '../../ui/context.ts';
import { FormDialog } from '../../ui/dialog.tsx';
import { Notice } from '../../ui/feedback.tsx';
import { Check } from '../../ui/fields.tsx';
import { navigate } from '../../ui/route.ts';
import type { DeviceDialogProps } from './confirm-dialogs.tsx';

/** Asking after the history of more would keep the server busy for the sake of a number. */
const MOST_COUNTED = 20;
const ONCE_MS = 600_000;
const FIRST_YEAR = '2000-01-01T00:00:00Z';

/** How many readings are kept of these widgets. */
const readingsOf = (ids: readonly number[]): Wanted<number> => ({
  key: `readings of ${ids.join(' ')}`,
  everyMs: ONCE_MS,
  ask: async (client, signal) => {
    let sum = 0;
    for (const id of ids) {
      const query = { from: FIRST_YEAR, points: 1 };
      const { stats } = await client.call('GET /api/widgets/{id}/history', { params: { id }, query, signal });
      sum += stats.count;
    }
    return sum;
  },
});

export function RemoveDialog({ device, onClose }: DeviceDialogProps) {
  const words = useText().devices.removeDialog;
  const format = useFormat();
  const { run, busy, failure } = useAction();
  const [sure, setSure] = useState(false);
  const [hurried, setHurried] = useState(false);
  const { device_id, device_name } = device;
  const cards = cardsOf(device);
  const [ids] = useState(() => cards.map(({ widget_id }) => widget_id));
  const countable = ids.length > 0 && ids.length <= MOST_COUNTED;
  const readings = useWanted(countable ? readingsOf(ids) : null).value;
  const remove = async () => {
    if (!sure) return setHurried(true);
    const removed = await run(async (client) => {
      await client.call('DELETE /api/devices/{device_id}', { params: { device_id } });
      return true;
    });
    if (removed === true) navigate('devices');
  };
  return (
    <FormDialog
      title={words.title(device_name)}
      submit={words.submit}
      busy={busy}
      failure={failure}
      danger
      onSubmit={() => void remove()}
      onClose={onClose}
    >
      <ul class="consequences">
        <li>{words.widgets(format.number(cards.length))}</li>
        <li>{readings === null ? words.readingsUnknown : words.readings(format.number(readings))}</li>
        <li>{words.commands}</li>
        <li>{words.enrol}</li>
      </ul>
      <Check label={words.sure} checked={sure} onChange={setSure} />
      {hurried && !sure && <Notice tone="bad">{words.tick}</Notice>}
    </FormDialog>
  );
}
