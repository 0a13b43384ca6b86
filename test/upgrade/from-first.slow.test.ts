import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runTool } from '../helpers/command.ts';
import { KINDS, type Kind, missing } from '../helpers/database.ts';
import { startPostgres } from '../helpers/postgres.ts';
import { PROGRAM, Server } from '../helpers/server.ts';
import { firstVersion } from './first-version.ts';
import { assertLivesOn, FOR_EVER, furnish } from './household.ts';

const first = firstVersion();

async function startFirst(t: TestContext, kind: Kind, program: string) {
  const postgres = kind === 'postgres' ? await startPostgres() : null;
  // Its own database: the template is of today.
  const server = new Server({ databaseUrl: postgres?.url ?? null, fresh: true, env: FOR_EVER });
  t.after(async () => {
    await server.dispose();
    await postgres?.dispose();
  });
  server.program = program;
  await server.start();
  return { server, postgres };
}

for (const kind of KINDS) {
  void test(`the first version that landed, killed, and today's on its data: ${kind}`, {
    skip: missing(kind),
  }, async (t) => {
    if ('missing' in first) {
      t.skip(first.missing);
      return;
    }
    const { server, postgres } = await startFirst(t, kind, first.program);
    const household = await furnish(server);
    await server.stop('SIGKILL');

    server.program = PROGRAM;
    await server.start();
    await assertLivesOn(server, household);
    await server.stop();

    // And back: what the upgrade kept, brought back by today's restore, serves the first version again.
    const [name = '', ...more] = readdirSync(join(server.dataDir, 'backups'));
    assert.match(name, /^before-upgrade-from-0000_start-\d{8}T\d{6}Z\.tar\.gz$/);
    assert.deepEqual(more, ['pm-iot-box']);
    const { code, stderr } = await runTool('restore', [join(server.dataDir, 'backups', name), '--replace'], {
      variables: { DATA_DIR: server.dataDir, ...(postgres && { DATABASE_URL: postgres.url }) },
    });
    assert.equal(code, 0, stderr);
    server.program = first.program;
    await server.start();
    await assertLivesOn(server, household);
    await server.stop('SIGKILL');

    server.program = PROGRAM;
    await server.start();
    await assertLivesOn(server, household);
  });
}
