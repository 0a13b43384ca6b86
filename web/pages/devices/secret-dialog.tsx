import { useState } from 'preact/hooks';
import { useAction } from '../../ui/action.ts';
import { useText } from '../../ui/context.ts';
import { Copyable } from '../../ui/copyable.tsx';
import { Dialog, FormDialog } from '../../ui/dialog.tsx';
import { Notice } from '../../ui/feedback.tsx';
import type { DeviceDialogProps } from './confirm-dialogs.tsx';

/** Makes a new secret, which lets a device in again that was locked out, and shows it once. */
export function SecretDialog({ device, onClose }: DeviceDialogProps) {
  const text = useText();
  const words = text.devices.secretDialog;
  const { run, busy, failure } = useAction();
  const [secret, setSecret] = useState<string | null>(null);
  const { device_id, device_name } = device;
  const make = async () => {
    const made = await run((client) =>
      client.call('POST /api/devices/{device_id}/secret', { params: { device_id } }),
    );
    if (made !== null) setSecret(made.device_secret);
  };
  if (secret !== null) {
    return (
      <Dialog title={words.title(device_name)} onClose={onClose}>
        <Notice tone="warn">{words.once}</Notice>
        <Copyable label={words.secret}>{secret}</Copyable>
        <p>{words.where(device_id)}</p>
        <div class="form-end">
          <button type="button" class="button primary" onClick={onClose}>
            {text.common.close}
          </button>
        </div>
      </Dialog>
    );
  }
  return (
    <FormDialog
      title={words.title(device_name)}
      submit={words.submit}
      busy={busy}
      failure={failure}
      onSubmit={() => void make()}
      onClose={onClose}
    >
      <p>{words.ends}</p>
    </FormDialog>
  );
}
