import { createBroker } from '../broker/index.ts';
import type { Config } from '../config/index.ts';
import { createCommands } from '../db/commands.ts';
import type { LimitWatch } from '../db/domain/limits.ts';
import type { ReadingWriter } from '../db/domain/services.ts';
import type { HistoryService } from '../db/history/index.ts';
import type { LocalLiveState } from '../db/live-state/index.ts';
import { createCommandStore } from '../db/stores/commands.ts';
import { createDeviceStore } from '../db/stores/devices.ts';
import { createEnrollmentStore } from '../db/stores/enrollments.ts';
import type { openAccounts } from './accounts.ts';
import type { OpenCluster } from './cluster.ts';
import { createDoor } from './door.ts';
import type { Foundation } from './foundation.ts';
import type { Shared } from './shared.ts';

type Opened = Awaited<ReturnType<typeof openAccounts>>;

export interface OpenBrokerDeps extends Pick<Opened, 'accounts' | 'guesses'> {
  foundation: Foundation;
  config: Config;
  cluster: OpenCluster | null;
  shared: Shared;
  /** What this node knows itself. */
  local: LocalLiveState;
  history: Pick<HistoryService, 'rawFrom'>;
  writer: ReadingWriter;
  limitWatch: LimitWatch;
  /** Those whose certificates devices may log in with, PEM. */
  caBundle: () => string;
}

/** The broker, its door, and the commands that go through it; nothing is started. */
export function openBroker(deps: OpenBrokerDeps) {
  const {
    foundation,
    config,
    cluster,
    shared,
    local,
    history,
    writer,
    accounts,
    guesses,
    limitWatch,
    caBundle,
  } = deps;
  const { part, now, sql, db, clock, metrics, queues, flows, eventLog } = foundation;
  const { limits } = config;
  const { live } = shared;
  const devices = createDeviceStore({ db, sql }, { defaultWidgetStatus: config.defaultWidgetStatus, now });
  const enrollments = createEnrollmentStore(db, now);
  const { clients, admission } = createDoor({ foundation, config, cluster, limitWatch });
  const broker = createBroker({
    live,
    writer,
    clock,
    rawFrom: history.rawFrom,
    findEnrollment: enrollments.findByToken,
    ...{ devices, accounts, guesses, clients, flows, metrics, queues },
    events: eventLog,
    log: part('broker'),
    caBundle,
    enrollmentMode: config.enrollment,
    pairTimeoutMs: config.pairTimeoutMs,
    limits,
    limitWatch,
    corsOrigins: config.corsOrigins,
    onEstablished: (socket) => admission.established(socket),
    clientIds: shared.clientIds,
    others: shared.others,
    cluster,
  });
  const link = shared.link(broker.link);
  const commands = createCommands({
    store: createCommandStore(db),
    live,
    link,
    writer,
    clock,
    events: eventLog,
    flows,
    log: part('commands'),
    timeoutMs: config.commandTimeoutMs,
    expiryMs: config.commandExpiryMs,
    tell: shared.tellCommand,
    isElsewhere: (devicePk) => local.presence.nodeOf(devicePk) !== null,
  });
  return { broker, commands, link, clients, admission, devices, enrollments };
}
