import type { Device } from '../../client/index.ts';
import { useText } from '../../ui/context.ts';

/** Whether a device is there, in a word and a colour. */
export function StateBadge({ device }: { device: Device }) {
  const text = useText().devices;
  const { revoked, status, connected } = device;
  if (revoked) return <span class="badge bad">{text.revoked}</span>;
  if (status === 'online') {
    return (
      <span class="badge good">
        <span class="state-dot" aria-hidden="true" />
        {text.online}
      </span>
    );
  }
  return <span class="badge">{connected ? text.silent : text.offline}</span>;
}
