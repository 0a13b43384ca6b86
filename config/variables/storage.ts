import { UPGRADE_BACKUP_MODES } from '../../db/upgrade/mode.ts';
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
  BACKUP_EVERY: variable(form.every('1h', '365d'), {
    fallback: '24h',
    about:
      'how often a [backup](backup.md) is made. Where `DATABASE_URL` is set, `off` unless this is set too',
  }),
  BACKUP_DIR: optional(form.path, {
    absent: '`DATA_DIR/backups`',
    about: 'the folder of backups: a disk of its own is better',
  }),
  BACKUP_KEEP: variable(form.count(1, 1000), {
    fallback: '3',
    about: 'how many backups are kept there; the oldest goes once a new one is whole',
  }),
  BACKUP_PASSPHRASE_FILE: optional(form.path, {
    absent: 'backups are not encrypted',
    about: 'a file whose first line is the passphrase with which they are encrypted, 12 characters or more',
  }),
  UPGRADE_BACKUP: variable(form.oneOf(...UPGRADE_BACKUP_MODES), {
    fallback: 'auto',
    about:
      'a backup before a new version changes the tables: of the embedded database and of a server up to 2 GiB (`auto`), of any (`always`), of none (`off`) ([upgrade](upgrade.md))',
  }),
};
