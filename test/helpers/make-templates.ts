import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { startEmbedded } from '../../db/embedded/index.ts';
import { migrate } from '../../db/migrate.ts';
import { silent } from './database.ts';
import { findPostgres, makeCluster } from './postgres.ts';

/** Makes, in the folder that is named, `db` (an embedded database) and, where PostgreSQL is installed, `postgres`. */
const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('name a folder');
const onCrash = (error: Error) => {
  throw error;
};
const { socketPath, stop } = await startEmbedded({ dataDir: folder, log: silent, onCrash });
await migrate({ socketPath }, silent);
await stop();
if (findPostgres() !== null) {
  // The user of PostgreSQL goes through it.
  chmodSync(folder, 0o711);
  await makeCluster(join(folder, 'postgres'));
}
