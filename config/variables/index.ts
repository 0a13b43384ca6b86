import type { Values } from '../variable.ts';
import { access } from './access.ts';
import { devices } from './devices.ts';
import { limits } from './limits.ts';
import { network } from './network.ts';
import { internal, nodes } from './nodes.ts';
import { operation } from './operation.ts';
import { storage } from './storage.ts';

/** Each is a table of `docs/configuration.md`, the limits of `docs/limits.md`: `npm run config-docs` writes them. */
export const GROUPS = { storage, network, access, devices, nodes, operation, limits };

/** Every variable of the environment that the program reads, by its name. */
export const VARIABLES = {
  ...storage,
  ...network,
  ...access,
  ...devices,
  ...nodes,
  ...operation,
  ...limits,
  ...internal,
};

export type VariableValues = Values<typeof VARIABLES>;
