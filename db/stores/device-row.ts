import type { Device } from '../domain/types.ts';
import type { devices } from '../schema/index.ts';

export type DeviceRow = typeof devices.$inferSelect;

export function toDevice(row: DeviceRow): Device {
  const { pk, deviceId, name, type, version, manufacturer, roomId, createdAt } = row;
  const { reenrollUntil, lastHeartbeat, lastError } = row;
  const revoked = row.revokedAt !== null;
  return {
    pk,
    deviceId,
    name,
    type,
    version,
    manufacturer,
    roomId,
    createdAt,
    revoked,
    reenrollUntil,
    lastHeartbeat,
    lastError,
  };
}

/** Has a person allowed it to enrol once more? */
export const mayReenroll = ({ reenrollUntil }: DeviceRow, now: number): boolean =>
  reenrollUntil !== null && reenrollUntil.getTime() > now;
