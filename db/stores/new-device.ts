import type postgres from 'postgres';
import type { Capability, Device, Widget, WidgetStatus } from '../domain/types.ts';

/** What the statement below is given of each declared capability. */
export interface DeclaredCapability extends Capability {
  /** Of its widget; null: it has none. */
  title: string | null;
}

export interface NewDevice {
  deviceId: string;
  name: string;
  type: string;
  version: string | null;
  manufacturer: string | null;
  secretHash: string | null;
  /** No enrolment token opens it from the start. */
  secretUsed: boolean;
  /** A use of it is taken; null: no enrolment is needed. */
  enrollmentId: number | null;
  capabilities: readonly DeclaredCapability[];
  widgetStatus: WidgetStatus;
  at: Date;
}

/**
 * The whole first registration of a device in one statement, so in one round trip and one transaction: when a power
 * cut ends, hundreds register at once. Gives no row when the device is known or the enrolment has no use left.
 */
const INSERT = `
  with enrolment as (
    update enrollments set uses = uses + 1
    where id = $1::text::int and (max_uses is null or uses < max_uses) and expires_at > $11::text::timestamptz
      and not exists (select 1 from devices where device_id = $2)
    returning id, room_id),
  device as (
    insert into devices (device_id, name, type, version, manufacturer, secret_hash, secret_used_at, enrollment_id,
      room_id, credentials_since, created_at)
    select $2, $3, $4, $5, $6, $7, case when $10::text::boolean then $11::text::timestamptz end, $1::text::int,
      (select room_id from enrolment), (select credentials_since from former_devices where device_id = $2), $11::text::timestamptz
    where $1 is null or exists (select 1 from enrolment)
    on conflict (device_id) do nothing
    returning pk, room_id, created_at),
  declared as (
    select * from jsonb_to_recordset($8::text::jsonb) as d (
      "capabilityType" text, "controlType" text, min float8, max float8, unit text, options jsonb, title text, place int)),
  made as (
    insert into capabilities (device_pk, capability_type, control_type, min, max, unit, options)
    select pk, "capabilityType", "controlType", min, max, unit, nullif(options, 'null'::jsonb)
    from device cross join declared order by place
    returning id, capability_type, control_type),
  shown as (
    insert into widgets (device_pk, capability_id, name, sort_order, status)
    select pk, made.id, title, place, $9
    from made join declared on capability_type = "capabilityType" and control_type = "controlType", device
    where title is not null order by place
    returning id, sort_order)
  select pk, room_id as "roomId", created_at as "createdAt", id as "widgetId", sort_order as place
  from device left join shown on true order by id`;

interface Row {
  pk: number;
  roomId: number | null;
  /** As the driver gives it once Drizzle has taken over its parsers: text. */
  createdAt: string | Date;
  widgetId: number | null;
  place: number | null;
}

/** null: known already, or refused by the enrolment; ask the slower way which. */
export async function insertNewDevice(
  sql: postgres.Sql,
  given: NewDevice,
): Promise<{ device: Device; widgets: Widget[] } | null> {
  const {
    deviceId,
    name,
    type,
    version,
    manufacturer,
    secretHash,
    secretUsed,
    enrollmentId,
    capabilities,
    widgetStatus,
    at,
  } = given;
  const declared = capabilities.map((capability, place) => ({ ...capability, place }));
  const rows = await sql.unsafe<Row[]>(
    INSERT,
    [
      enrollmentId === null ? null : String(enrollmentId),
      deviceId,
      name,
      type,
      version,
      manufacturer,
      secretHash,
      JSON.stringify(declared),
      widgetStatus,
      String(secretUsed),
      at.toISOString(),
    ],
    { prepare: true },
  );
  const [first] = rows;
  if (first === undefined) return null;
  const { pk, roomId, createdAt } = first;
  const device: Device = {
    pk,
    deviceId,
    name,
    type,
    version,
    manufacturer,
    roomId,
    createdAt: new Date(createdAt),
    revoked: false,
    reenrollUntil: null,
    lastHeartbeat: null,
    lastError: null,
  };
  const widgets = rows.flatMap(({ widgetId, place }): Widget[] => {
    const declaration = place === null ? undefined : capabilities[place];
    if (widgetId === null || place === null || !declaration?.title) return [];
    const { title, ...capability } = declaration;
    return [{ id: widgetId, devicePk: pk, name: title, order: place, status: widgetStatus, capability }];
  });
  return { device, widgets };
}
