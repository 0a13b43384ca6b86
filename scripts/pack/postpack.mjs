// After `npm pack`: the checkout goes on with the packages that are installed.
import { fileURLToPath } from 'node:url';
import { removeLeftOvers } from '../setup/packed.mjs';

removeLeftOvers(fileURLToPath(new URL('../..', import.meta.url)));
