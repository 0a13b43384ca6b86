import { probeRooms } from '../api/probe.ts';
import type { Broker } from '../broker/ports.ts';
import type { Config } from '../config/index.ts';
import type { Freshness } from '../db/cluster/shared-values.ts';
import type { ReadingWriter } from '../db/domain/services.ts';
import type { SystemReport } from '../db/domain/system.ts';
import { monotonic } from '../db/domain/time.ts';
import { commitNothing, passWriter } from '../db/health/durable.ts';
import { ProbeFault } from '../db/health/fault.ts';
import { createFlowProbes, type FlowProbes } from '../db/health/probes.ts';
import { createThrowAwayProbes } from '../db/health/throw-away.ts';
import type { LocalLiveState } from '../db/live-state/index.ts';
import type { DeviceStore } from '../db/stores/devices.ts';
import type { Disk } from './disk.ts';
import type { Foundation } from './foundation.ts';
import { type Door, knockHttp, knockMqtt, ownAddress } from './knock.ts';

export interface ProbesDeps {
  foundation: Foundation;
  config: Pick<Config, 'listeners'>;
  local: LocalLiveState;
  writer: ReadingWriter;
  disk: Pick<Disk, 'state'>;
  devices: DeviceStore;
  broker: Pick<Broker, 'passMessage'>;
  probeLogin: () => Promise<void>;
  freshness: Freshness | null;
  ports: () => SystemReport['listeners'];
  draining: () => boolean;
}

/** No id of a device, so there is none, and none is made. */
const NO_DEVICE = '~health';

/** How each flow is tried out: docs/operations.md tells what that proves, and what it does not. */
export function openProbes(deps: ProbesDeps): FlowProbes {
  const { foundation, config, local, writer, disk, devices, broker, freshness, ports, draining } = deps;
  const { part, now, sql, db } = foundation;

  /** Knocks at the first of these that is open, if any is. */
  const knock = async (names: (keyof Config['listeners'])[], how: (door: Door) => Promise<void>) => {
    const name = names.find((each) => ports()[each] !== undefined);
    if (name === undefined) return;
    const { host } = config.listeners[name];
    try {
      await how({ host: ownAddress(host), port: ports()[name] ?? 0, secure: name.endsWith('s') });
    } catch (error) {
      // After a while nothing new is let in, on purpose.
      throw draining() ? new ProbeFault('draining', 'the node is being drained') : error;
    }
  };

  return createFlowProbes({
    ...{ now, monotonic, log: part('health') },
    probes: {
      ...createThrowAwayProbes(db),
      authentication: async () => {
        await deps.probeLogin();
        await devices.find(NO_DEVICE);
      },
      sensor_data: async () => {
        if (disk.state() === 'critical') throw new ProbeFault('disk_full', 'no readings are stored');
        await commitNothing(sql);
        await passWriter(writer);
      },
      database_sync: () => commitNothing(sql),
      heartbeat: () => local.presence.probe(),
      device_status: async () => local.presence.checkSweep(),
      widget_updates: () => probeRooms(local, freshness),
      api_requests: () => knock(['http', 'https'], (door) => knockHttp(door, '/api/health/live')),
      mqtt_messages: async () => {
        await broker.passMessage();
        await knock(['mqtt', 'mqtts'], knockMqtt);
      },
    },
  });
}
