import { startEmbedded } from '../../db/embedded/index.ts';
import { migrate } from '../../db/migrate.ts';
import { silent } from './database.ts';

/** Makes a migrated, empty embedded database in the folder `db` of the one that is named. */
const [dataDir] = process.argv.slice(2);
if (dataDir === undefined) throw new Error('name a folder');
const onCrash = (error: Error) => {
  throw error;
};
const { socketPath, stop } = await startEmbedded({ dataDir, log: silent, onCrash });
await migrate({ socketPath }, silent);
await stop();
