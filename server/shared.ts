import type { AppDeps } from '../api/context.ts';
import type { Broker } from '../broker/ports.ts';
import type { AccountsService } from '../db/accounts/index.ts';
import { type ClientIds, createClientIds } from '../db/cluster/client-ids.ts';
import { shareLink } from '../db/cluster/shared-link.ts';
import { shareState } from '../db/cluster/shared-state.ts';
import { type Freshness, shareValues } from '../db/cluster/shared-values.ts';
import type { Fences } from '../db/domain/fence.ts';
import type { DeviceLink, Log } from '../db/domain/ports.ts';
import type { Commands } from '../db/domain/services.ts';
import type { LocalLiveState } from '../db/live-state/index.ts';
import type { LiveState } from '../db/live-state/types.ts';
import type { OpenCluster } from './cluster.ts';
import type { OnStop } from './foundation.ts';

/** Of one notice, which must stay small. */
const COMMANDS_OF_ONE = 400;

/** What is made later than what it is needed by. */
export interface Parts {
  broker: Pick<Broker, 'evict' | 'endAll'>;
  commands: Commands;
  accounts: AccountsService;
}

/** What the nodes share, as the parts of one of them see it. */
export interface Shared {
  live: LiveState;
  clientIds: ClientIds | null;
  freshness: Freshness | null;
  /** To devices, wherever they are. */
  link(local: DeviceLink): DeviceLink;
  others: AppDeps['others'];
  tellCommand: ((id: number) => void) | null;
  accountsChanged: () => void;
  /** From here on others are heard; resolves once they have told who is connected to them. */
  begin(parts: Parts): Promise<void>;
}

const alone = (live: LiveState): Shared => ({
  live,
  clientIds: null,
  freshness: null,
  link: (local) => local,
  others: null,
  tellCommand: null,
  accountsChanged: () => {},
  begin: async () => {},
});

export interface OpenSharedDeps {
  cluster: OpenCluster | null;
  live: LocalLiveState;
  fences: Fences;
  pairTimeoutMs: number;
  log: Log;
  onStop: OnStop;
}

export function openShared(deps: OpenSharedDeps): Shared {
  const { cluster, live: local, fences, pairTimeoutMs, log, onStop } = deps;
  if (cluster === null) return alone(local);
  const { nodes, notices, bus } = cluster;
  let parts: Parts | null = null;

  const state = shareState({
    live: local,
    nodes,
    notices,
    evict: (deviceId) => parts?.broker.evict(deviceId),
    removed: (pk) => parts?.commands.forgetDevice(pk),
  });
  const values = shareValues({ live: local, bus, nodes, log });
  const clientIds = createClientIds({ notices, fences, evict: (id) => parts?.broker.evict(id) });
  const moved = new Set<number>();
  const tellCommands = () => {
    const ids = [...moved];
    moved.clear();
    while (ids.length > 0) notices.send('commands', ids.splice(0, COMMANDS_OF_ONE));
  };

  return {
    live: { ...state, applyReading: values.applyReading },
    clientIds,
    freshness: values.freshness,
    link: (link) =>
      shareLink({
        ...{ link, notices, pairTimeoutMs },
        live: local,
        presence: local.presence,
        endAll: () => parts?.broker.endAll(),
      }),
    others: { findDevice: local.loader.loadDevice, told: notices.told },
    tellCommand: (id) => {
      if (moved.size === 0) queueMicrotask(tellCommands);
      moved.add(id);
    },
    accountsChanged: () => notices.send('accounts', null),
    begin: async (given) => {
      parts = given;
      const { commands, accounts } = given;
      notices.on('commands', (ids: readonly number[]) => commands.follow(ids));
      for (const kind of ['accounts', 'rooms']) notices.on(kind, () => accounts.load());
      notices.onGap(async () => {
        await accounts.load();
        await commands.followAll();
      });
      // A node that was killed may have taken something away in the database, and not have said so.
      const readTheirs = async () => {
        await accounts.load();
        await commands.followAll();
        await state.readHere();
      };
      nodes.onGone(() => {
        readTheirs().catch((error: unknown) =>
          log.warn({ err: error }, 'what a node that ended has left could not be read'),
        );
      });
      // What was told since they were read, and before anybody heard it.
      await accounts.load();
      await commands.followAll();
      values.start();
      onStop(values.stop);
      await state.begin();
    },
  };
}
