import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AedesOptions } from 'aedes';
import type { Commands } from '../db/domain/services.ts';
import { createAuthenticate } from './authenticate.ts';
import { mayReceive } from './authorize.ts';
import { createCertificateCheck, socketOf } from './connection.ts';
import { createCounters } from './counters.ts';
import { createDenied } from './denied.ts';
import { createDispatch } from './dispatch.ts';
import { createDownlink } from './downlink.ts';
import { sendAway } from './drain.ts';
import { DupMemory } from './dup-memory.ts';
import { createDupsElsewhere } from './dups-elsewhere.ts';
import type { PersistenceRules } from './engine/bounded.ts';
import { createEngine } from './engine/engine.ts';
import { createPersistence } from './engine/persistence.ts';
import { farewell } from './farewell.ts';
import { IntakeGate } from './gate.ts';
import { createCommandResponseHandler } from './handlers/command-response.ts';
import { createHeartbeatHandler } from './handlers/heartbeat.ts';
import { createPairResponseHandler } from './handlers/pair-response.ts';
import { createRegisterHandler } from './handlers/register.ts';
import { createSensorHandler } from './handlers/sensor.ts';
import { createHooks } from './hooks.ts';
import { userIdOf } from './identity.ts';
import { createIntake } from './intake.ts';
import { createLoginHooks } from './login-hooks.ts';
import type { Broker, BrokerDeps } from './ports.ts';
import { passMessage } from './probe.ts';
import { createPublications } from './publications.ts';
import { quiesce } from './quiesce.ts';
import { createRefusals } from './refusals.ts';
import { createSessions } from './sessions.ts';
import { createShared } from './shared/index.ts';
import { isCommandTopic, isSecretTopic } from './topics.ts';
import { createTrustWaiter } from './trust.ts';
import { watchSessions } from './watch.ts';
import { createWebSocketListener } from './websocket.ts';
import { createWillPublisher } from './wills.ts';

/** The MQTT side of the process: connections, rights, messages of devices, and the way to them. */
export function createBroker(deps: BrokerDeps): Broker {
  const { live, writer, clock, rawFrom, devices, accounts, events, flows, log, metrics, limits, limitWatch } =
    deps;
  const sessions = createSessions((qos, payload) => counters.sent('device', qos, payload));
  const trust = createTrustWaiter(clock, log, () => gate.open());
  const gate = new IntakeGate(() => writer.saturated || trust.full());
  writer.onDrain(() => gate.open());
  let commands: Commands | null = null;
  let stopping = false;
  let unwatch = () => {};

  const theCommands = () => {
    if (commands === null) throw new Error('the broker has not started');
    return commands;
  };

  const intake = createIntake({
    engine: () => engine,
    publications: () => publications,
    ...{ sessions, gate, live, clients: deps.clients, limits, limitWatch },
    isOfUse: createCertificateCheck(deps),
  });
  const { connectionOf } = intake;

  const rules: Pick<PersistenceRules, 'withheld' | 'onLimit'> = {
    withheld: (clientId, topic) => {
      const userId = userIdOf(clientId);
      if (userId === null) return isSecretTopic(topic) || isCommandTopic(topic);
      const user = accounts.find(userId);
      return user === undefined || !mayReceive({ kind: 'person', user, token: null }, topic, live);
    },
    onLimit: (limit, clientId) => {
      if (limit === 'queued' || limit === 'retained') counters.dropped(`${limit}_full`);
      const userId = clientId === null ? null : userIdOf(clientId);
      const actor = userId === null ? clientId : accounts.find(userId)?.username;
      limitWatch.reached(limit, { actor: actor ?? '(all)' });
    },
  };
  const { cluster } = deps;
  const shared =
    cluster &&
    createShared({
      ...{ cluster, limits, log, ...rules },
      stored: () => stored,
      engine: () => engine,
      publishWill: (clientId, packet) => publishWill(clientId, packet),
      onDropped: (count) => counters.dropped('redis_away', count),
    });
  const stored = createPersistence({
    ...{ limits, ...rules },
    isOver: (client) => sessions.of(client)?.over === true,
    isLive: (clientId) =>
      engine.clients[clientId] !== undefined || shared?.isHeldElsewhere(clientId) === true,
    mirror: shared?.mirror ?? null,
  });

  const publish = (topic: string, payload: string) => {
    if (!engine.hasLiveAudience(topic)) return;
    engine.publish({ cmd: 'publish', topic, payload, qos: 0, retain: false, dup: false }, () => {});
  };

  const downlink = createDownlink({
    sessions,
    live,
    pairTimeoutMs: deps.pairTimeoutMs,
    publishCopy: publish,
    stored,
    log,
  });
  const counters = createCounters(metrics, sessions, stored.sizes);
  deps.queues.weigh('intake', () => gate.fill());
  deps.queues.weigh('mqtt', () => ({ depth: stored.sizes().queuedBytes, limit: limits.queuedBytes }));
  deps.queues.weigh('retained', () => ({ depth: stored.sizes().retainedBytes, limit: limits.retainedBytes }));
  const told = deps.others?.told ?? null;
  const dups = new DupMemory();
  const sensor = createSensorHandler({
    ...{ live, writer, clock, rawFrom, dups },
    declare: devices.declare,
    whenTrusted: trust.whenTrusted,
    told,
  });
  const dispatch = createDispatch({
    gate,
    flows,
    log,
    refuse: createRefusals({ live, counters, log, now: clock.now, publish }),
    handlers: {
      register: createRegisterHandler({ live, devices, events, now: clock.now, told }),
      sensor: cluster === null ? sensor : createDupsElsewhere({ cluster, live, dups })(sensor),
      heartbeat: createHeartbeatHandler({ live }),
      command_response: createCommandResponseHandler({ live, commands: theCommands }),
      pair_response: createPairResponseHandler({ live, downlink }),
    },
  });
  // With other nodes, the engine knows which of them matches.
  const observers = () => (shared === null ? stored.observers() : 0);
  const hasAudience = (topic: string) => engine.hasLiveAudience(topic) || observers() > 0;
  const publishWill = createWillPublisher({
    ...{ accounts, live, sessions, dispatch, hasAudience, log },
    publish: (packet) => engine.publish(packet, () => {}),
  });
  const denied = createDenied({ counters, events, log });
  const common = { sessions, counters, log, denied, stopping: () => stopping };
  const loginHooks = createLoginHooks({
    ...common,
    openSession: shared?.openSession ?? (async () => true),
    authenticate: createAuthenticate({ ...deps, now: clock.now }),
    guesses: deps.guesses,
    events,
    flows,
    connectionOf,
  });
  const publications = createPublications({
    ...common,
    engine: () => engine,
    dispatch,
    observers,
    heard: ({ device }) => {
      if (device !== null) live.heard(device);
    },
  });
  const hooks = createHooks({
    ...common,
    live,
    dispatch,
    commands: theCommands,
    hasAudience,
    maxSubscriptions: limits.subscriptions,
    isFull: stored.isFull,
    onLimit: intake.reachedBy,
  });
  const engine = createEngine({
    ...loginHooks,
    ...hooks,
    persistence: stored.persistence,
  } as unknown as AedesOptions);
  engine.onPassedOn = (milliseconds, error) =>
    flows.record('mqtt_messages', milliseconds, error === null, error === null ? undefined : 'internal');

  const accept = (conn: Duplex, request?: IncomingMessage) => {
    if (!stopping) return intake.accept(conn, request);
    conn.destroy();
    return null;
  };
  const webSockets = createWebSocketListener(accept, deps);

  return {
    link: downlink,
    get connections() {
      return sessions.count;
    },

    accept,
    attachWebSockets: webSockets.attach,
    passMessage: () => passMessage(engine),

    start: async (given) => {
      commands = given;
      await engine.listen();
      await shared?.start();
      unwatch = watchSessions({
        engine,
        sessions,
        live,
        log,
        connectionOf,
        onSubscribe: stored.subscribing,
        onResumed: stored.resumed,
        onEstablished: (client) => deps.onEstablished(socketOf(client.conn, client.req)),
        onReachable: (devicePk) => void given.flush(devicePk),
        clientIds: deps.clientIds,
      });
    },

    evict: (clientId) => engine.clients[clientId]?.close(),
    endAll: () => {
      for (const client of Object.values(engine.clients)) client.close();
    },
    sendAway: (milliseconds, signal) =>
      sendAway(
        { clients: () => Object.values(engine.clients), acksOf: (client) => sessions.of(client)?.acks },
        milliseconds,
        signal,
      ),

    quiesce: (milliseconds) => quiesce(Object.values(engine.clients), dispatch, milliseconds),

    stop: async () => {
      stopping = true;
      unwatch();
      trust.stop();
      const clients = Object.values(engine.clients);
      for (const client of clients) client.will = null; // nobody is left to be told
      await Promise.all(clients.map(({ conn }) => farewell(conn)));
      if (!engine.closed) {
        const closed = once(engine as NodeJS.EventEmitter, 'closed');
        engine.close();
        await closed;
      }
      shared?.stop();
      webSockets.stop();
    },
  };
}
