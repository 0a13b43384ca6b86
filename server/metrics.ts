import { type Aggregator, Gauge } from 'prom-client';
import type { Config } from '../config/index.ts';
import { createDatabaseSize } from '../db/database-size.ts';
import type { ReadingWriter } from '../db/domain/services.ts';
import type { LocalLiveState } from '../db/live-state/index.ts';
import { type Foundation, packageVersion } from './foundation.ts';

/** Of the second within which a worker must have told all of its figures. */
const SIZE_PATIENCE_MS = 500;

export interface MeasureDeps {
  foundation: Pick<Foundation, 'metrics' | 'queues' | 'clock' | 'sql' | 'database' | 'eventLog'>;
  config: Pick<Config, 'limits'>;
  live: Pick<LocalLiveState, 'countDevices' | 'presence'>;
  writer: Pick<ReadingWriter, 'fill' | 'textFill'>;
}

/** What is known of the whole program. */
export function measureProgram({ foundation, config, live, writer }: MeasureDeps): void {
  const { metrics, queues, clock, sql, database, eventLog } = foundation;
  const gauge = (name: string, help: string, value: () => number, aggregator: Aggregator = 'sum') =>
    new Gauge({
      name,
      help,
      aggregator,
      registers: [metrics],
      collect() {
        this.set(value());
      },
    });
  new Gauge({
    name: 'pm_iot_build_info',
    help: 'Always 1; the labels tell what runs',
    labelNames: ['version', 'node_version', 'database'],
    aggregator: 'max',
    registers: [metrics],
  }).set(
    {
      version: packageVersion(),
      node_version: process.versions.node,
      database: 'folder' in database.target ? 'embedded' : 'server',
    },
    1,
  );
  const size = createDatabaseSize(sql, SIZE_PATIENCE_MS);
  let known: number | null = null;
  new Gauge({
    name: 'pm_iot_database_size_bytes',
    help: 'Size of the database, as it was last told',
    aggregator: 'max',
    registers: [metrics],
    async collect() {
      known = (await size()) ?? known;
      if (known === null) this.remove();
      else this.set(known);
    },
  });
  // Every node of a cluster knows all of them.
  gauge('pm_iot_devices', 'Devices that are registered', live.countDevices, 'max');
  gauge('pm_iot_devices_connected', 'Devices that are connected', live.presence.countHere);
  gauge(
    'pm_iot_clock_trusted',
    '0 while the clock of the machine is plainly wrong: readings without a time of their own wait',
    () => (clock.trusted() ? 1 : 0),
    'min',
  );
  gauge(
    'pm_iot_connections_limit',
    'Connections that may be open (MAX_CONNECTIONS)',
    () => config.limits.connections,
  );
  queues.count('readings', writer.fill);
  queues.weigh('readings', writer.textFill);
  queues.count('events', eventLog.fill);
}
