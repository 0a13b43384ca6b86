import type { Database } from '../client.ts';
import { CLOCK_TOLERANCE_MS } from '../domain/clock.ts';
import type { Command, Micros } from '../domain/types.ts';
import { TERMINAL } from '../domain/types.ts';
import { createLoader, type Loader } from './loader.ts';
import { createPresence, type Presence, type PresenceDeps } from './presence.ts';
import { createRegistry } from './registry.ts';
import type { LiveState, LiveWidget } from './types.ts';

export interface LiveStateDeps extends Omit<PresenceDeps, 'registry'> {
  db: Database;
}

/** What only the exchange with other nodes needs besides. */
export interface LocalLiveState extends LiveState {
  loader: Loader;
  presence: Presence;
  countDevices(): number;
}

/** See `LiveState`. */
export function createLiveState({ db, ...deps }: LiveStateDeps): LocalLiveState {
  const registry = createRegistry();
  const presence = createPresence({ ...deps, registry });
  /** Open commands by widget, oldest first. */
  const open = new Map<number, Map<number, Command>>();

  /** What came while the clock ran ahead is the last word no longer once that has been set right. */
  const isAhead = (at: Micros) => at > (deps.now() + CLOCK_TOLERANCE_MS) * 1000;
  const isNewer = ({ valueAt, valueSeq }: LiveWidget, at: Micros, seq: number) =>
    valueAt === null ||
    at > valueAt ||
    (at === valueAt && seq >= valueSeq) ||
    (isAhead(valueAt) && !isAhead(at));

  const applyReading: LiveState['applyReading'] = (widgetId, at, seq, value) => {
    const widget = registry.widgets.get(widgetId);
    if (widget === undefined || !isNewer(widget, at, seq)) return;
    widget.value = value;
    widget.valueAt = at;
    widget.valueSeq = seq;
    registry.changed(widget.device);
  };

  const putDevice: LiveState['putDevice'] = (given) => {
    const device = registry.putDevice(given);
    // Another node may have told of it before.
    presence.refresh(device);
    return device;
  };

  const loader = createLoader({ db, sql: deps.sql, registry, putDevice, applyReading });
  const load = async () => {
    await loader.loadAll();
    await loader.loadValues();
  };

  return {
    load,
    device: (deviceId) => registry.byId.get(deviceId),
    deviceByPk: (pk) => registry.byPk.get(pk),
    devices: () => registry.byPk.values(),
    widget: (id) => registry.widgets.get(id),
    room: (id) => registry.rooms.get(id),
    rooms: () => registry.rooms.values(),
    putRoom: registry.putRoom,
    removeRoom: registry.removeRoom,
    putDevice,
    removeDevice: (pk) => {
      for (const id of registry.byPk.get(pk)?.widgets.keys() ?? []) open.delete(id);
      registry.removeDevice(pk);
    },
    putWidget: registry.putWidget,
    setWidgetPlace: (id, { order, status, name }) => {
      const widget = registry.widgets.get(id);
      if (widget === undefined) return;
      if (order !== undefined) widget.order = order;
      if (status !== undefined) widget.status = status;
      if (name !== undefined) widget.name = name;
      registry.changed(widget.device);
    },
    applyReading,
    applyCommand: (command) => {
      const widget = registry.widgets.get(command.widgetId);
      if (widget === undefined) return;
      const commands = open.get(widget.id) ?? new Map<number, Command>();
      if (TERMINAL.has(command.status)) commands.delete(command.id);
      else commands.set(command.id, command);
      if (commands.size === 0) open.delete(widget.id);
      else open.set(widget.id, commands);
      const youngest = [...commands.values()].at(-1);
      widget.pending =
        youngest === undefined
          ? null
          : { value: youngest.value, commandId: youngest.id, since: youngest.createdAt };
      registry.changed(widget.device);
    },
    ...presence,
    loader,
    presence,
    countDevices: () => registry.byPk.size,
  };
}
