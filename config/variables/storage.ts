import * as form from '../forms.ts';
import { optional, variable } from '../variable.ts';

export const storage = {
  DATA_DIR: variable(form.path, {
    fallback: './data',
    about:
      'the folder of everything that the process keeps: embedded database, certificates, secrets. One process at a time',
  }),
  DATABASE_URL: optional(form.databaseUrl, {
    absent: 'the embedded database in `DATA_DIR/db`',
    about:
      'a PostgreSQL server, 14 or newer: `postgres://user:password@host:5432/database` ([below](#the-database))',
    secret: true,
  }),
  RETENTION_RAW: variable(form.retention('3d'), {
    fallback: '30d',
    about: 'how long raw readings are kept ([history](history.md))',
  }),
  RETENTION_MINUTE: variable(form.retention('3d'), {
    fallback: '1y',
    about: 'the same for summaries of minutes; at least `RETENTION_RAW`',
  }),
  RETENTION_HOUR: variable(form.retention('3d'), {
    fallback: 'forever',
    about: 'the same for summaries of hours; at least `RETENTION_MINUTE`',
  }),
  RETENTION_EVENTS: variable(form.retention('1d'), {
    fallback: '1y',
    about: 'how long events are kept',
  }),
  MIN_FREE_DISK: variable(form.share, {
    fallback: '5%',
    about:
      'free space on the disk of the database below which the oldest raw readings go; `0` for no guard ([limits](limits.md#a-disk-that-fills))',
  }),
};
