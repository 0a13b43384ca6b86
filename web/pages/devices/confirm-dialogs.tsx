import type { Client, Device } from '../../client/index.ts';
import { useAction } from '../../ui/action.ts';
import { useText } from '../../ui/context.ts';
import { FormDialog } from '../../ui/dialog.tsx';

export interface DeviceDialogProps {
  device: Device;
  onClose(): void;
}

interface ConfirmProps {
  title: string;
  submit: string;
  consequences: readonly string[];
  danger?: boolean;
  work(client: Client): Promise<unknown>;
  onClose(): void;
}

function Confirm({ title, submit, consequences, danger = false, work, onClose }: ConfirmProps) {
  const { run, busy, failure } = useAction();
  const confirmed = async () => {
    const done = await run(async (client) => {
      await work(client);
      return true;
    });
    if (done === true) onClose();
  };
  return (
    <FormDialog
      title={title}
      submit={submit}
      busy={busy}
      failure={failure}
      danger={danger}
      onSubmit={() => void confirmed()}
      onClose={onClose}
    >
      <ul class="consequences">
        {consequences.map((consequence) => (
          <li key={consequence}>{consequence}</li>
        ))}
      </ul>
    </FormDialog>
  );
}

export function UnpairDialog({ device: { device_id, device_name }, onClose }: DeviceDialogProps) {
  const { unpairDialog: words, actions } = useText().devices;
  return (
    <Confirm
      title={words.title(device_name)}
      submit={actions.unpair}
      consequences={[words.cards, words.people, words.kept]}
      work={(client) => client.call('POST /api/devices/{device_id}/unpair', { params: { device_id } })}
      onClose={onClose}
    />
  );
}

export function RevokeDialog({ device: { device_id, device_name }, onClose }: DeviceDialogProps) {
  const { revokeDialog: words, actions } = useText().devices;
  return (
    <Confirm
      title={words.title(device_name)}
      submit={actions.revoke}
      consequences={[words.ends, words.kept]}
      danger
      work={(client) => client.call('POST /api/devices/{device_id}/revoke', { params: { device_id } })}
      onClose={onClose}
    />
  );
}

export function ReenrollDialog({ device: { device_id, device_name }, onClose }: DeviceDialogProps) {
  const words = useText().devices.reenrollDialog;
  return (
    <Confirm
      title={words.title(device_name)}
      submit={words.submit}
      consequences={[words.what, words.risk]}
      work={(client) => client.call('POST /api/devices/{device_id}/reenroll', { params: { device_id } })}
      onClose={onClose}
    />
  );
}
