import type postgres from 'postgres';
import type { ClientSpec } from '../load/protocol.ts';

export const PAYLOAD = JSON.stringify({
  capability_type: 'temperature',
  control_type: 'sensor',
  value: 21.5,
  unit: '°C',
});

export const WILDCARD = 'devices/+/sensor';
export const topicOf = (id: string) => `devices/${id}/sensor`;

/** Of a secret: 43 characters, the last of which are the device's number. */
const SECRET_START = 'bench-secret-of-a-known-device-';
const SECRET_DIGITS = 43 - SECRET_START.length;
const WIDGETS_OF_AN_IDLE_DEVICE = 10;

const idOf = (i: number) => `bench-${i}`;

/** In the same order, with the same ids and topics, for all contestants. */
export function clientSpecs(count: number): ClientSpec[] {
  return Array.from({ length: count }, (_, i) => {
    const id = idOf(i);
    const password = SECRET_START + String(i).padStart(SECRET_DIGITS, '0');
    return { id, username: id, password, topic: topicOf(id) };
  });
}

/** Devices that were enrolled and have connected before, straight into a migrated database. */
export async function seedDevices(sql: postgres.Sql, clients: number, idleWidgets = 0): Promise<void> {
  await sql`
    insert into devices (device_id, name, type, secret_hash, secret_used_at)
    select 'bench-' || i, 'Device ' || i, 'bench',
      encode(sha256((${SECRET_START}::text || lpad(i::text, ${SECRET_DIGITS}::text::int, '0'))::bytea), 'hex'), now()
    from generate_series(0, ${clients - 1}::text::int) i`;
  await sql`
    insert into devices (device_id, name, type)
    select 'idle-' || i, 'Idle ' || i, 'bench'
    from generate_series(1, ${Math.ceil(idleWidgets / WIDGETS_OF_AN_IDLE_DEVICE)}::text::int) i`;
  await sql`
    with made as (
      insert into capabilities (device_pk, capability_type, control_type, unit)
      select pk, case when i = 1 then 'temperature' else 'temperature-' || i end, 'sensor', '°C'
      from devices, generate_series(1, case when device_id like 'idle-%'
        then ${WIDGETS_OF_AN_IDLE_DEVICE}::text::int else 1 end) i
      returning id, device_pk, capability_type
    )
    insert into widgets (device_pk, capability_id, name, status)
    select device_pk, id, capability_type, 'include' from made`;
}
