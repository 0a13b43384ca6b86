import type { z } from '@hono/zod-openapi';
import { formatMicros } from '../db/domain/time.ts';
import type { Command, User } from '../db/domain/types.ts';
import type { LiveDevice, LiveRoom, LiveWidget } from '../db/live-state/types.ts';
import type * as schemas from './schemas.ts';

/** A heartbeat of each second must not change the answer to each poll. */
const HEARTBEAT_STEP_MS = 10_000;

const instant = (time: Date | null) => time?.toISOString() ?? null;

export function userDto(user: User): z.output<typeof schemas.User> {
  const { id, username, name, role, acl, roomIds, mustChangePassword, createdAt } = user;
  return {
    id,
    username,
    name,
    role,
    room_ids: [...roomIds].sort((a, b) => a - b),
    acl,
    must_change_password: mustChangePassword,
    created_at: createdAt.toISOString(),
  };
}

export function roomDto({ id, name, devices }: LiveRoom): z.output<typeof schemas.Room> {
  return { id, name, devices_count: devices.size };
}

export function widgetDto(widget: LiveWidget): z.output<typeof schemas.Widget> {
  const { id, name, order, status, value, valueAt, pending, device, capability } = widget;
  const { capabilityType, controlType, unit, min, max, options } = capability;
  return {
    widget_id: id,
    name,
    order,
    status,
    value,
    value_at: valueAt === null ? null : formatMicros(valueAt),
    pending:
      pending === null
        ? null
        : { value: pending.value, command_id: pending.commandId, since: pending.since.toISOString() },
    unit,
    min,
    max,
    options,
    device: {
      device_id: device.deviceId,
      device_name: device.name,
      status: device.online ? 'online' : 'offline',
    },
    capability: { capability_type: capabilityType, control_type: controlType },
    room_id: device.roomId,
  };
}

function steppedHeartbeat({ lastHeartbeat, createdAt }: LiveDevice): Date | null {
  if (lastHeartbeat === null) return null;
  const stepped = Math.floor(lastHeartbeat.getTime() / HEARTBEAT_STEP_MS) * HEARTBEAT_STEP_MS;
  const isFirst = createdAt.getTime() - stepped < HEARTBEAT_STEP_MS;
  // Rounded down the first one would come before the device was there.
  return new Date(isFirst ? Math.max(stepped, createdAt.getTime()) : stepped);
}

export function deviceDto(device: LiveDevice): z.output<typeof schemas.Device> {
  return {
    device_id: device.deviceId,
    device_name: device.name,
    device_type: device.type,
    version: device.version,
    manufacturer: device.manufacturer,
    room_id: device.roomId,
    status: device.online ? 'online' : 'offline',
    connected: device.connected,
    revoked: device.revoked,
    last_heartbeat: instant(steppedHeartbeat(device)),
    created_at: device.createdAt.toISOString(),
  };
}

export function deviceWithWidgetsDto(device: LiveDevice): z.output<typeof schemas.Device> {
  return {
    ...deviceDto(device),
    widgets: [...device.widgets.values()].map(widgetDto),
    last_error: device.lastError,
    reenroll_until: instant(device.reenrollUntil),
  };
}

export function commandDto(command: Command): z.output<typeof schemas.Command> {
  return {
    id: command.id,
    correlation_id: command.correlationId,
    widget_id: command.widgetId,
    value: command.value,
    status: command.status,
    created_at: command.createdAt.toISOString(),
    sent_at: instant(command.sentAt),
    finished_at: instant(command.finishedAt),
    result_value: command.resultValue,
    error: command.error,
    requested_by: command.requestedBy,
  };
}
