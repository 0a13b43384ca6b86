import { useState } from 'preact/hooks';
import type { Device } from '../../client/index.ts';
import { useAction } from '../../ui/action.ts';
import { useFormat, useNow, useText } from '../../ui/context.ts';
import { FailureNotice } from '../../ui/feedback.tsx';
import { ReenrollDialog, RevokeDialog, UnpairDialog } from './confirm-dialogs.tsx';
import { RemoveDialog } from './remove-dialog.tsx';
import { SecretDialog } from './secret-dialog.tsx';

type Name = 'secret' | 'reenroll' | 'revoke' | 'unpair' | 'remove';

interface ActionProps {
  label: string;
  hint: string;
  danger?: boolean;
  disabled?: boolean;
  run(): void;
}

function Action({ label, hint, danger = false, disabled = false, run }: ActionProps) {
  return (
    <li class="device-action">
      <p class="muted">{hint}</p>
      <button type="button" class={danger ? 'button danger' : 'button'} disabled={disabled} onClick={run}>
        {label}
      </button>
    </li>
  );
}

/** What only administrators may do with a device, the harmless first. */
export function DeviceActions({ device }: { device: Device }) {
  const text = useText().devices;
  const words = text.actions;
  const format = useFormat();
  const now = useNow(30_000);
  const [open, setOpen] = useState<Name | null>(null);
  const { run, busy, failure } = useAction();
  const { device_id, revoked, room_id, reenroll_until: until } = device;
  const mayReenroll = until != null && Date.parse(until) > now;
  const dialog = { device, onClose: () => setOpen(null) };
  const withdraw = () =>
    run((client) => client.call('DELETE /api/devices/{device_id}/reenroll', { params: { device_id } }));
  return (
    <section class="panel">
      <h2>{text.manage}</h2>
      <FailureNotice failure={failure} />
      <ul class="device-actions">
        {revoked ? (
          <Action label={words.letIn} hint={words.letInHint} run={() => setOpen('secret')} />
        ) : (
          <>
            <Action label={words.secret} hint={words.secretHint} run={() => setOpen('secret')} />
            {mayReenroll ? (
              <Action
                label={words.withdraw}
                hint={words.reenrollUntil(format.dateTime(until))}
                disabled={busy}
                run={() => void withdraw()}
              />
            ) : (
              <Action label={words.reenroll} hint={words.reenrollHint} run={() => setOpen('reenroll')} />
            )}
          </>
        )}
        {room_id !== null && (
          <Action label={words.unpair} hint={words.unpairHint} run={() => setOpen('unpair')} />
        )}
        {!revoked && (
          <Action label={words.revoke} hint={words.revokeHint} danger run={() => setOpen('revoke')} />
        )}
        <Action label={words.remove} hint={words.removeHint} danger run={() => setOpen('remove')} />
      </ul>
      {open === 'secret' && <SecretDialog {...dialog} />}
      {open === 'reenroll' && <ReenrollDialog {...dialog} />}
      {open === 'revoke' && <RevokeDialog {...dialog} />}
      {open === 'unpair' && <UnpairDialog {...dialog} />}
      {open === 'remove' && <RemoveDialog {...dialog} />}
    </section>
  );
}
