import { asc, eq } from 'drizzle-orm';
import type { Database } from '../client.ts';
import type { Command, Micros } from '../domain/types.ts';
import { TERMINAL } from '../domain/types.ts';
import { decodeValue } from '../domain/value-codec.ts';
import { sqlMicros } from '../history/spans.ts';
import { capabilities, devices, rooms, widgets } from '../schema/index.ts';
import { toDevice } from '../stores/device-row.ts';
import { toWidget } from '../stores/widgets.ts';
import { createPresence, type PresenceDeps } from './presence.ts';
import { createRegistry } from './registry.ts';
import type { LiveState, LiveWidget } from './types.ts';

/** Of the rows that are not packed yet, and of those that have been. */
const LATEST = `select w.id, ${sqlMicros('r.at')}::text as at, r.seq::text, r.kind, r.num, r.txt
  from widgets w
  cross join lateral (select at, seq, kind, num, txt from readings where widget_id = w.id order by at desc, seq desc limit 1) r
  union all select widget_id, ${sqlMicros('at')}::text, seq::text, kind, num, txt from last_values`;

interface LatestRow {
  id: number;
  at: string;
  seq: string;
  kind: number;
  num: number | null;
  txt: string | null;
}

export interface LiveStateDeps extends Omit<PresenceDeps, 'registry'> {
  db: Database;
}

/** See `LiveState`. */
export function createLiveState({ db, ...deps }: LiveStateDeps): LiveState {
  const registry = createRegistry();
  const presence = createPresence({ ...deps, registry });
  /** Open commands by widget, oldest first. */
  const open = new Map<number, Map<number, Command>>();

  const isNewer = (widget: LiveWidget, at: Micros, seq: number) =>
    widget.valueAt === null || at > widget.valueAt || (at === widget.valueAt && seq >= widget.valueSeq);

  const applyReading: LiveState['applyReading'] = (widgetId, at, seq, value) => {
    const widget = registry.widgets.get(widgetId);
    if (widget === undefined || !isNewer(widget, at, seq)) return;
    widget.value = value;
    widget.valueAt = at;
    widget.valueSeq = seq;
    registry.changed(widget.device);
  };

  const load = async () => {
    for (const room of await db.select().from(rooms).orderBy(asc(rooms.id))) registry.putRoom(room);
    for (const row of await db.select().from(devices).orderBy(asc(devices.pk))) {
      const device = registry.putDevice(toDevice(row));
      device.lastHeartbeat = row.lastHeartbeat;
      device.lastError = row.lastError;
    }
    const rows = await db
      .select()
      .from(widgets)
      .innerJoin(capabilities, eq(widgets.capabilityId, capabilities.id))
      .orderBy(asc(widgets.id));
    for (const row of rows) registry.putWidget(toWidget(row.widgets, row.capabilities));
    for (const row of await deps.sql.unsafe<LatestRow[]>(LATEST)) {
      applyReading(row.id, Number(row.at), Number(row.seq), decodeValue(row.kind, row.num, row.txt));
    }
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
    putDevice: registry.putDevice,
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
  };
}
