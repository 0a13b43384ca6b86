import '../../styles/devices.css';
import '../../styles/enrolment.css';
import { useState } from 'preact/hooks';
import type { Device } from '../../client/index.ts';
import { useText, useWanted } from '../../ui/context.ts';
import { Copyable } from '../../ui/copyable.tsx';
import { Icon } from '../../ui/icon.tsx';
import { lazily } from '../../ui/lazily.tsx';
import { DEVICES, ROOMS } from './asked.ts';
import { DeviceList } from './device-list.tsx';
import { PairDialog } from './pair-dialog.tsx';

const EnrolDialog = lazily(async () => (await import('./enrol-dialog.tsx')).EnrolDialog);
const ENROLL = 'npm run enroll';
const SIMULATE = "PM_IOT_PASSWORD='…' npm run simulate -- --devices 5";

/** How the first device comes in, for an admin who has none. */
export function FirstDevice({ roomId }: { roomId: number | null }) {
  const text = useText();
  const words = text.first;
  const [enrolling, setEnrolling] = useState(false);
  const [pairing, setPairing] = useState<Device | null>(null);
  const rooms = new Map(useWanted(ROOMS).value?.map(({ id, name }) => [id, name]) ?? []);
  const waiting = useWanted(DEVICES).value?.filter(({ room_id }) => room_id === null) ?? [];
  return (
    <section class="panel first-device">
      <h2>{words.title}</h2>
      <p class="muted">{words.intro}</p>
      <ol>
        <li>
          <h3>{words.enrolTitle}</h3>
          <p>{words.enrolText}</p>
          <button type="button" class="button primary" onClick={() => setEnrolling(true)}>
            <Icon name="qr" size={18} />
            {text.devices.enrol.submit}
          </button>
          <p class="muted">{words.enrolShell}</p>
          <Copyable label={words.enrolTitle}>{ENROLL}</Copyable>
        </li>
        <li>
          <h3>{words.registerTitle}</h3>
          <p>{words.registerText}</p>
          <p class="muted">{words.waiting}</p>
        </li>
        <li>
          <h3>{words.pairTitle}</h3>
          <p>{words.pairText}</p>
          {waiting.length > 0 && <DeviceList devices={waiting} rooms={rooms} onPair={setPairing} />}
        </li>
      </ol>
      <div class="no-device">
        <h3>{words.noDevice}</h3>
        <p>{words.noDeviceText}</p>
        <Copyable label={words.noDevice}>{SIMULATE}</Copyable>
      </div>
      {enrolling && <EnrolDialog roomId={roomId} onClose={() => setEnrolling(false)} />}
      {pairing !== null && <PairDialog device={pairing} onClose={() => setPairing(null)} />}
    </section>
  );
}
