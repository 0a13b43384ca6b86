import '../../styles/enrolment.css';
import { DEVICES } from '../../state/index.ts';
import { useFormat, useText, useWanted } from '../../ui/context.ts';
import { Copyable } from '../../ui/copyable.tsx';
import { Icon } from '../../ui/icon.tsx';
import { linkTo } from '../../ui/route.ts';

const ENROLL = 'npm run enroll';
const SIMULATE = 'npm run simulate -- --devices 5';

/**
 * How the first device comes in, for an admin who has none. What it asks for is done on the page of devices: this goes
 * away as soon as a device or a room is there.
 */
export function FirstDevice({ roomId }: { roomId: number | null }) {
  const text = useText();
  const words = text.first;
  const format = useFormat();
  const devices = useWanted(DEVICES).value;
  const waiting = devices?.filter(({ room_id }) => room_id === null).length ?? 0;
  return (
    <section class="panel first-device">
      <h2>{words.title}</h2>
      <p class="muted">{words.intro}</p>
      <ol>
        <li>
          <h3>{words.enrolTitle}</h3>
          <p>{words.enrolText}</p>
          <a
            class="button primary"
            href={roomId === null ? linkTo('devices', '+') : linkTo('devices', '+', roomId)}
          >
            <Icon name="qr" size={18} />
            {text.devices.enrol.submit}
          </a>
          <p class="muted">{words.enrolShell}</p>
          <Copyable label={words.enrolTitle}>{ENROLL}</Copyable>
        </li>
        <li>
          <h3>{words.registerTitle}</h3>
          <p>{words.registerText}</p>
        </li>
        <li>
          <h3>{words.pairTitle}</h3>
          <p>{words.pairText}</p>
          <p class={waiting > 0 ? 'badge accent' : 'muted'} role="status">
            {waiting > 0 ? words.arrived(format.number(waiting)) : words.waiting}
          </p>
          {waiting > 0 && (
            <a class="button primary" href={linkTo('devices')}>
              <Icon name="link" size={18} />
              {text.devices.pair}
            </a>
          )}
        </li>
      </ol>
      <div class="no-device">
        <h3>{words.noDevice}</h3>
        <p>{words.noDeviceText}</p>
        <Copyable label={words.noDevice}>{SIMULATE}</Copyable>
      </div>
    </section>
  );
}
