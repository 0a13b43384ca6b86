import type { Device, LastError, Room, Widget } from '../domain/types.ts';
import { capabilityKey, type LiveDevice, type LiveRoom, type LiveWidget } from './types.ts';

// All members in one place and one order: what every message touches is the same shape for every device.

const newDevice = (device: Device): LiveDevice => ({
  pk: device.pk,
  deviceId: device.deviceId,
  name: device.name,
  type: device.type,
  version: device.version,
  manufacturer: device.manufacturer,
  roomId: device.roomId,
  createdAt: device.createdAt,
  revoked: device.revoked,
  reenrollUntil: device.reenrollUntil,
  lastHeartbeat: device.lastHeartbeat,
  lastError: device.lastError,
  connected: false,
  heardAt: 0,
  online: false,
  widgets: new Map(),
  byCapability: new Map(),
  lastReported: null,
});

const newWidget = (widget: Widget, device: LiveDevice): LiveWidget => ({
  id: widget.id,
  devicePk: widget.devicePk,
  name: widget.name,
  order: widget.order,
  status: widget.status,
  capability: widget.capability,
  device,
  value: null,
  valueAt: null,
  valueSeq: 0,
  pending: null,
});

/** Rooms, devices and widgets by their keys, kept consistent with each other. No time, no database. */
export function createRegistry() {
  const rooms = new Map<number, LiveRoom>();
  const byPk = new Map<number, LiveDevice>();
  const byId = new Map<string, LiveDevice>();
  const widgets = new Map<number, LiveWidget>();

  const changed = (device: LiveDevice) => {
    const room = device.roomId === null ? undefined : rooms.get(device.roomId);
    if (room !== undefined) room.version++;
  };

  const place = (device: LiveDevice, roomId: number | null) => {
    if (device.roomId !== roomId) {
      changed(device);
      if (device.roomId !== null) rooms.get(device.roomId)?.devices.delete(device);
      device.roomId = roomId;
    }
    if (roomId !== null) rooms.get(roomId)?.devices.add(device);
    changed(device);
  };

  return {
    rooms,
    byPk,
    byId,
    widgets,
    /** Something that a person who looks at the device's room could see has changed. */
    changed,

    putRoom(room: Room): LiveRoom {
      const known = rooms.get(room.id);
      if (known !== undefined) {
        known.name = room.name;
        known.version++;
        return known;
      }
      const fresh: LiveRoom = { id: room.id, name: room.name, devices: new Set(), version: 0 };
      rooms.set(room.id, fresh);
      return fresh;
    },

    removeRoom(id: number): void {
      for (const device of rooms.get(id)?.devices ?? []) device.roomId = null;
      rooms.delete(id);
    },

    putDevice(device: Device): LiveDevice {
      const known = byPk.get(device.pk);
      if (known === undefined) {
        const fresh = newDevice(device);
        byPk.set(device.pk, fresh);
        byId.set(device.deviceId, fresh);
        place(fresh, device.roomId);
        return fresh;
      }
      known.name = device.name;
      known.type = device.type;
      known.version = device.version;
      known.manufacturer = device.manufacturer;
      known.revoked = device.revoked;
      known.reenrollUntil = device.reenrollUntil;
      place(known, device.roomId);
      return known;
    },

    /** Of a device that another node hears. */
    setSigns(device: LiveDevice, lastHeartbeat: Date | null, lastError: LastError | null): void {
      if ((lastHeartbeat?.getTime() ?? 0) > (device.lastHeartbeat?.getTime() ?? 0))
        device.lastHeartbeat = lastHeartbeat;
      if ((lastError?.timestamp ?? '') > (device.lastError?.timestamp ?? '')) device.lastError = lastError;
    },

    removeDevice(pk: number): void {
      const device = byPk.get(pk);
      if (device === undefined) return;
      place(device, null);
      for (const id of device.widgets.keys()) widgets.delete(id);
      byPk.delete(pk);
      if (byId.get(device.deviceId) === device) byId.delete(device.deviceId);
    },

    putWidget(widget: Widget): LiveWidget {
      const device = byPk.get(widget.devicePk);
      if (device === undefined) throw new Error(`widget ${widget.id} of an unknown device`);
      const known = widgets.get(widget.id);
      const live = known === undefined ? newWidget(widget, device) : Object.assign(known, widget);
      widgets.set(widget.id, live);
      device.widgets.set(widget.id, live);
      const { capabilityType, controlType } = widget.capability;
      device.byCapability.set(capabilityKey(capabilityType, controlType), live);
      changed(device);
      return live;
    },
  };
}

export type Registry = ReturnType<typeof createRegistry>;
