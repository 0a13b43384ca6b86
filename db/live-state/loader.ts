import { asc, eq, gt, inArray } from 'drizzle-orm';
import type postgres from 'postgres';
import type { Database } from '../client.ts';
import type { Device, Micros, Value } from '../domain/types.ts';
import { decodeValue } from '../domain/value-codec.ts';
import { sqlMicros } from '../history/spans.ts';
import { capabilities, devices, rooms, widgets } from '../schema/index.ts';
import { toDevice } from '../stores/device-row.ts';
import { toWidget } from '../stores/widgets.ts';
import type { Registry } from './registry.ts';
import type { LiveDevice } from './types.ts';

/** Devices of one statement. */
const PAGE = 2000;

/** Of the rows that are not packed yet, and of those that have been. */
const latest = (
  whose: string,
  packed: string,
) => `select w.id, ${sqlMicros('r.at')}::text as at, r.seq::text, r.kind, r.num, r.txt
  from widgets w
  cross join lateral (select at, seq, kind, num, txt from readings where widget_id = w.id order by at desc, seq desc limit 1) r
  ${whose} union all select widget_id, ${sqlMicros('at')}::text, seq::text, kind, num, txt from last_values ${packed}`;
const LATEST = latest('', '');
const LATEST_OF = latest('where w.id = any($1::text::int[])', 'where widget_id = any($1::text::int[])');

interface LatestRow {
  id: number;
  at: string;
  seq: string;
  kind: number;
  num: number | null;
  txt: string | null;
}

export interface LoaderDeps {
  db: Database;
  sql: postgres.Sql;
  registry: Registry;
  putDevice: (device: Device) => LiveDevice;
  applyReading: (widgetId: number, at: Micros, seq: number, value: Value) => void;
}

/** From the database into the registry. */
export function createLoader({ db, sql, registry, putDevice, applyReading }: LoaderDeps) {
  const put = async (rows: (typeof devices.$inferSelect)[]) => {
    for (const row of rows) {
      const known = registry.byPk.get(row.pk);
      const device = putDevice(toDevice(row));
      if (known !== undefined) continue;
      device.lastHeartbeat = row.lastHeartbeat;
      device.lastError = row.lastError;
    }
    if (rows.length === 0) return;
    const pks = rows.map(({ pk }) => pk);
    const found = await db
      .select()
      .from(widgets)
      .innerJoin(capabilities, eq(widgets.capabilityId, capabilities.id))
      .where(inArray(widgets.devicePk, pks))
      .orderBy(asc(widgets.id));
    for (const row of found) {
      // Removed meanwhile, it has gone with its device.
      if (registry.byPk.has(row.widgets.devicePk))
        registry.putWidget(toWidget(row.widgets, row.capabilities));
    }
  };

  const apply = (rows: readonly LatestRow[]) => {
    for (const row of rows) {
      applyReading(row.id, Number(row.at), Number(row.seq), decodeValue(row.kind, row.num, row.txt));
    }
  };

  const loadRooms = async () => {
    const found = await db.select().from(rooms).orderBy(asc(rooms.id));
    for (const room of found) {
      if (registry.rooms.get(room.id)?.name !== room.name) registry.putRoom(room);
    }
    const ids = new Set(found.map(({ id }) => id));
    for (const id of [...registry.rooms.keys()]) if (!ids.has(id)) registry.removeRoom(id);
  };

  return {
    loadRooms,

    /** These devices as the database has them now. Gives those that are gone. */
    async loadDevices(pks: readonly number[]): Promise<number[]> {
      const rows = await db
        .select()
        .from(devices)
        .where(inArray(devices.pk, [...pks]));
      await put(rows);
      const there = new Set(rows.map(({ pk }) => pk));
      return pks.filter((pk) => !there.has(pk));
    },

    /** Of its id, if there is such a device. */
    async loadDevice(deviceId: string): Promise<void> {
      await put(await db.select().from(devices).where(eq(devices.deviceId, deviceId)));
    },

    /** All rooms, devices and widgets. Gives the devices that are known and gone. */
    async loadAll(): Promise<number[]> {
      await loadRooms();
      const missing = new Set(registry.byPk.keys());
      for (let last = 0; ; ) {
        const rows = await db
          .select()
          .from(devices)
          .where(gt(devices.pk, last))
          .orderBy(asc(devices.pk))
          .limit(PAGE);
        await put(rows);
        for (const { pk } of rows) missing.delete(pk);
        last = rows.at(-1)?.pk ?? 0;
        if (rows.length < PAGE) return [...missing];
      }
    },

    async loadValues(): Promise<void> {
      apply(await sql.unsafe<LatestRow[]>(LATEST));
    },
    /** Latest values of these widgets, as far as they are newer than what is known. */
    async loadValuesOf(widgetIds: readonly number[]): Promise<void> {
      if (widgetIds.length > 0) apply(await sql.unsafe<LatestRow[]>(LATEST_OF, [`{${widgetIds.join(',')}}`]));
    },

    /** Heartbeats and last errors, which are written every ten seconds. */
    async loadSigns(pks: readonly number[]): Promise<void> {
      if (pks.length === 0) return;
      const rows = await db
        .select({ pk: devices.pk, lastHeartbeat: devices.lastHeartbeat, lastError: devices.lastError })
        .from(devices)
        .where(inArray(devices.pk, [...pks]));
      for (const { pk, lastHeartbeat, lastError } of rows) {
        const device = registry.byPk.get(pk);
        if (device === undefined) continue;
        registry.setSigns(device, lastHeartbeat, lastError);
      }
    },
  };
}

export type Loader = ReturnType<typeof createLoader>;
