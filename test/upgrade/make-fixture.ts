import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { findPostgres, startPostgres } from '../helpers/postgres.ts';
import { Server } from '../helpers/server.ts';
import { firstVersion } from './first-version.ts';
import { FILES, FIXTURE } from './fixture.ts';
import { furnish } from './household.ts';

/**
 * Makes `test/upgrade/fixture` again: what the first version that landed leaves in PostgreSQL and in DATA_DIR. Needs the
 * history of this repository, a registry of packages and a PostgreSQL server:
 *
 *     node scripts/setup.mjs && node dist/test/upgrade/make-fixture.js
 */
const first = firstVersion();
if ('missing' in first) throw new Error(first.missing);
const postgres = await startPostgres();
const server = new Server({ databaseUrl: postgres.url, fresh: true });
try {
  server.program = first.program;
  await server.start();
  const household = await furnish(server);
  await server.stop('SIGKILL');
  const dump = execFileSync(
    join(findPostgres() ?? '', 'pg_dump'),
    ['--no-owner', '--no-privileges', '--inserts', '--rows-per-insert=100', postgres.url],
    { encoding: 'utf8' },
  );
  // Words for psql, and a setting that older servers do not know.
  const sql = dump.replaceAll(/^(\\.*|SET transaction_timeout.*|CREATE SCHEMA public;)\n/gm, '');
  mkdirSync(join(FIXTURE, 'certs'), { recursive: true });
  writeFileSync(join(FIXTURE, 'household.json'), `${JSON.stringify(household)}\n`);
  writeFileSync(join(FIXTURE, 'dump.sql.gz'), gzipSync(sql, { level: 9 }));
  for (const file of FILES) writeFileSync(join(FIXTURE, file), readFileSync(join(server.dataDir, file)));
} finally {
  await server.dispose();
  await postgres.dispose();
}
