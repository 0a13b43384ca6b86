import '../../styles/device.css';
import { useState } from 'preact/hooks';
import type { Device } from '../../client/index.ts';
import { ROOMS } from '../../state/index.ts';
import { useIsAdmin, useText, useWanted } from '../../ui/context.ts';
import { Empty, FailureNotice, Loading } from '../../ui/feedback.tsx';
import { Icon } from '../../ui/icon.tsx';
import { Page } from '../../ui/page.tsx';
import { linkTo } from '../../ui/route.ts';
import { deviceWanted, hasAddress } from './asked.ts';
import { DeviceActions } from './device-actions.tsx';
import { DeviceFacts } from './device-facts.tsx';
import { DeviceWidgets } from './device-widgets.tsx';
import { LastError } from './last-error.tsx';
import { NameDialog } from './name-dialog.tsx';
import { PairDialog } from './pair-dialog.tsx';

export function DevicePage({ deviceId }: { deviceId: string }) {
  const text = useText().devices;
  const { value: device, failure } = useWanted(hasAddress(deviceId) ? deviceWanted(deviceId) : null);
  const back = { href: linkTo('devices'), label: text.title };
  if (!hasAddress(deviceId) || failure?.status === 404) {
    return (
      <Page title={deviceId} back={back}>
        <Empty title={text.gone}>
          <p>{text.goneHint}</p>
        </Empty>
      </Page>
    );
  }
  if (device !== null) return <Known device={device} back={back} />;
  return (
    <Page title={deviceId} back={back}>
      {failure === null ? <Loading /> : <FailureNotice failure={failure} />}
    </Page>
  );
}

function Known({ device, back }: { device: Device; back: { href: string; label: string } }) {
  const text = useText().devices;
  const isAdmin = useIsAdmin();
  const [open, setOpen] = useState<{ dialog: 'rename' | 'pair'; device: Device } | null>(null);
  const rooms = useWanted(ROOMS).value;
  const { failure } = useWanted(deviceWanted(device.device_id));
  const room = rooms?.find(({ id }) => id === device.room_id);
  const close = () => setOpen(null);
  const { device_id, device_name, room_id } = device;
  return (
    <Page
      title={device_name}
      back={back}
      actions={
        isAdmin && (
          <>
            <button type="button" class="button" onClick={() => setOpen({ dialog: 'rename', device })}>
              <Icon name="edit" size={18} />
              {text.actions.rename}
            </button>
            <button
              type="button"
              class={room_id === null ? 'button primary' : 'button'}
              onClick={() => setOpen({ dialog: 'pair', device })}
            >
              <Icon name="link" size={18} />
              {room_id === null ? text.pair : text.actions.move}
            </button>
          </>
        )
      }
    >
      <FailureNotice failure={failure} />
      <div class="device-page">
        <DeviceFacts device={device} room={room ?? null} />
        <div class="device-middle">
          <DeviceWidgets device={device} />
          <LastError device={device} />
        </div>
        {isAdmin && <DeviceActions device={device} />}
      </div>
      {open?.dialog === 'pair' && <PairDialog device={open.device} onClose={close} />}
      {open?.dialog === 'rename' && (
        <NameDialog
          title={text.actions.renameDevice}
          hint={text.actions.renameHint}
          before={device_name}
          onClose={close}
          save={(client, name) =>
            client.call('PUT /api/devices/{device_id}', {
              params: { device_id },
              body: { device_name: name },
            })
          }
        />
      )}
    </Page>
  );
}
