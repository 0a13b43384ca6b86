import type { ComponentChildren } from 'preact';
import type { Device, Room } from '../../client/index.ts';
import { useFormat, useText } from '../../ui/context.ts';
import { Ago, Notice } from '../../ui/feedback.tsx';
import { linkTo } from '../../ui/route.ts';
import { StateBadge } from './state-badge.tsx';

function Fact({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function DeviceFacts({ device, room }: { device: Device; room: Room | null }) {
  const text = useText();
  const words = text.devices;
  const format = useFormat();
  const { device_id, device_type, version, manufacturer, room_id } = device;
  const unknown = <span class="muted">{words.unknown}</span>;
  return (
    <section class="panel">
      <div class="panel-head">
        <h2>{words.facts}</h2>
        <StateBadge device={device} />
      </div>
      {room_id === null && <Notice tone="plain">{words.notInRoom}</Notice>}
      <dl class="facts">
        <Fact label={text.common.room}>
          {room_id === null ? (
            <span class="muted">{text.common.noRoom}</span>
          ) : (
            <a href={linkTo('rooms', room_id)}>{room?.name ?? room_id}</a>
          )}
        </Fact>
        <Fact label={words.id}>
          <code>{device_id}</code>
        </Fact>
        <Fact label={words.type}>{device_type}</Fact>
        <Fact label={words.version}>{version ?? unknown}</Fact>
        <Fact label={words.manufacturer}>{manufacturer ?? unknown}</Fact>
        <Fact label={words.connection}>{device.connected ? words.connected : words.notConnected}</Fact>
        <Fact label={words.heard}>
          {device.last_heartbeat === null ? words.neverHeard : <Ago at={device.last_heartbeat} />}
        </Fact>
        <Fact label={words.created}>{format.dateTime(device.created_at)}</Fact>
      </dl>
    </section>
  );
}
