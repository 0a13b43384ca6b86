import { test } from 'node:test';
import { connect } from '../../db/client.ts';
import { startEmbedded } from '../../db/embedded/index.ts';
import { KINDS, missing, silent } from '../helpers/database.ts';
import { startPostgres } from '../helpers/postgres.ts';
import { Server } from '../helpers/server.ts';
import { copyFiles, lastingToken, readDump, readHousehold } from './fixture.ts';
import { assertLivesOn, FOR_EVER } from './household.ts';

/** Also where the checkout has no history and no registry of packages can be reached. */
for (const kind of KINDS) {
  void test(`today's version on what the first one left: ${kind}`, { skip: missing(kind) }, async (t) => {
    const postgres = kind === 'postgres' ? await startPostgres() : null;
    const server = new Server({ databaseUrl: postgres?.url ?? null, fresh: true, env: FOR_EVER });
    t.after(async () => {
      await server.dispose();
      await postgres?.dispose();
    });
    const { dataDir } = server;
    const embedded =
      postgres === null ? await startEmbedded({ dataDir, log: silent, onCrash: () => {} }) : null;
    const target = postgres ?? { socketPath: embedded?.socketPath ?? '' };
    const { sql, close } = connect(target, silent, 1);
    await sql.unsafe(readDump()).simple();
    await close();
    await embedded?.stop();
    copyFiles(dataDir);

    await server.start();
    const household = readHousehold();
    await assertLivesOn(server, household, lastingToken(household.token));
  });
}
