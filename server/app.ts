import { createApp } from '../api/app.ts';
import type { AppDeps } from '../api/context.ts';
import { readWebApp } from '../api/web-app.ts';
import type { Certificates } from '../certs/index.ts';
import type { Config } from '../config/index.ts';
import type { Backups } from '../db/backup/schedule.ts';
import type { MetricsText, NodeState, SystemReport } from '../db/domain/system.ts';
import type { HistoryService } from '../db/history/index.ts';
import { createImports } from '../db/imports.ts';
import { createPing } from '../db/ping.ts';
import { createRoomStore } from '../db/stores/rooms.ts';
import { createWidgetStore } from '../db/stores/widgets.ts';
import { announcedName } from '../net/mdns/kept-name.ts';
import type { Disk } from './disk.ts';
import { type Foundation, here, packageVersion } from './foundation.ts';
import type { Shared } from './shared.ts';
import { openSystem } from './system.ts';

/** Where the bundler puts the web app, beside the compiled program. */
const APP_FOLDER = here('../app');

export interface OpenAppDeps
  extends Pick<
    AppDeps,
    'live' | 'commands' | 'link' | 'accounts' | 'clients' | 'devices' | 'enrollments' | 'probes' | 'started'
  > {
  foundation: Foundation;
  config: Config;
  history: HistoryService;
  disk: Disk;
  backups: Pick<Backups, 'report'>;
  metrics: MetricsText;
  certificates: Certificates;
  nodes: () => NodeState[];
  drain: () => void;
  shared: Pick<Shared, 'freshness' | 'others'>;
  ports: () => SystemReport['listeners'];
}

/** The REST side, with all that its routes ask. */
export function openApp(deps: OpenAppDeps) {
  const { foundation, config, history, disk, backups, certificates, nodes, drain, shared, ports, ...given } =
    deps;
  const { part, now, sql, db, clock, flows, events, eventLog } = foundation;
  const { live, devices } = given;
  return createApp({
    ...given,
    rooms: createRoomStore(db),
    widgets: createWidgetStore(db),
    enrollmentMode: config.enrollment,
    metricsToken: config.metricsToken,
    events,
    history: history.queries,
    imports: createImports({ live, devices, importer: history.importer, clock }),
    historyUpkeep: history,
    eventLog,
    flows,
    pingDatabase: createPing(sql),
    clockTrusted: clock.trusted,
    nodes,
    drain,
    diskState: disk.state,
    system: openSystem({
      ...{ foundation, nodes, disk, backups, certificates, ports },
      mdnsName: announcedName(config, foundation.dataDir),
    }),
    version: packageVersion(),
    log: part('api'),
    now,
    corsOrigins: config.corsOrigins,
    caBundle: certificates.bundle,
    webApp: readWebApp(APP_FOLDER),
    freshness: shared.freshness,
    others: shared.others,
    reach: () => ({
      hosts: certificates.hosts(),
      ports: ports(),
      fingerprints: certificates.fingerprints(),
    }),
  });
}
