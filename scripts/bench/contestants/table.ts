/** Where pipelines store readings: a plain table with a primary key. */
export const TABLE = 'bench_readings';
export const CREATE = `create table ${TABLE} (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  device_id text not null,
  capability_type text not null,
  control_type text not null,
  value double precision not null,
  unit text
)`;
export const INSERT = `insert into ${TABLE} (device_id, capability_type, control_type, value, unit) values ($1, $2, $3, $4, $5)`;
