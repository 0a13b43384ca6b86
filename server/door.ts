import type { Config } from '../config/index.ts';
import type { Cluster } from '../db/domain/cluster.ts';
import type { LimitWatch } from '../db/domain/limits.ts';
import { Admission } from '../net/admission.ts';
import { createClientAddresses } from '../net/client-addresses.ts';
import { createAddressCounts } from '../net/shared-counts.ts';
import type { Foundation } from './foundation.ts';

export interface DoorDeps {
  foundation: Foundation;
  config: Config;
  cluster: Cluster | null;
  limitWatch: LimitWatch;
}

/** From where clients come, and how many of them. */
export function createDoor({ foundation, config, cluster, limitWatch: watch }: DoorDeps) {
  const { part, metrics: registry } = foundation;
  const { limits } = config;
  const { connectionsPerAddress } = limits;
  const clients = createClientAddresses({ trusted: config.trustedProxies, log: part('net') });
  const elsewhere = cluster && createAddressCounts({ bus: cluster.bus, connectionsPerAddress });
  return { clients, admission: new Admission({ limits, clients, elsewhere, watch, registry }) };
}
