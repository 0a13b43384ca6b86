import { Gauge, type Registry } from 'prom-client';
import type { DiskState, Space } from './disk-state.ts';

const STATES: readonly DiskState[] = ['ok', 'low', 'critical'];

export interface MeasuredVolume {
  name: 'database' | 'data_dir';
  space(): Promise<Space>;
}

/** Measured when they are asked for. A volume that cannot be measured is left out. */
export function createDiskMetrics(registry: Registry, volumes: readonly MeasuredVolume[]): void {
  const gauge = (name: string, help: string, part: keyof Space) =>
    new Gauge({
      name,
      help,
      labelNames: ['volume'],
      // Workers of a machine see the same disk.
      aggregator: 'min',
      registers: [registry],
      async collect() {
        for (const volume of volumes) {
          const labels = { volume: volume.name };
          await volume.space().then(
            (space) => this.set(labels, space[part]),
            () => this.remove(labels),
          );
        }
      },
    });
  gauge('pm_iot_disk_free_bytes', 'Free space, of the disk of the database and that of DATA_DIR', 'free');
  gauge('pm_iot_disk_size_bytes', 'Size, of the disk of the database and that of DATA_DIR', 'size');
}

export function createDiskStateMetric(registry: Registry, guard: { readonly state: DiskState }): void {
  new Gauge({
    name: 'pm_iot_disk_state',
    help: '1 for the state that the disk of the database is in: ok, low (the oldest raw readings go) or critical (nothing is stored)',
    labelNames: ['state'],
    aggregator: 'max',
    registers: [registry],
    collect() {
      for (const state of STATES) this.set({ state }, state === guard.state ? 1 : 0);
    },
  });
}
