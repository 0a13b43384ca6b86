import type { Server as HttpServer } from 'node:http';
import { Server as NetServer, type Server } from 'node:net';
import type { Server as TlsServer } from 'node:tls';
import type { Registry } from 'prom-client';
import { createHttpServer, createHttpsServer } from '../api/server.ts';
import type { Broker } from '../broker/ports.ts';
import type { Certificates } from '../certs/index.ts';
import type { Config } from '../config/index.ts';
import type { ClientAddresses } from '../db/domain/client-address.ts';
import type { Log } from '../db/domain/ports.ts';
import type { Admission } from '../net/admission.ts';
import { createListenerMeter } from '../net/listener-meter.ts';
import {
  closeServer,
  createTcpListener,
  createTlsListener,
  listen,
  replaceMaterial,
} from '../net/listeners.ts';

export interface ListenersDeps {
  config: Pick<Config, 'listeners' | 'tlsMinVersion'>;
  app: Parameters<typeof createHttpServer>[0];
  broker: Broker;
  certificates: Certificates;
  admission: Admission;
  clients: ClientAddresses;
  registry: Registry;
  log: Log;
}

type Name = keyof Config['listeners'];

/** The four doors of the process, those that are not off. Nothing is open before `open`. */
export function createListeners(deps: ListenersDeps) {
  const { config, app, broker, certificates, admission } = deps;
  const meter = createListenerMeter(deps.registry);
  const { tlsMinVersion: minVersion } = config;
  const material = () => ({ ...certificates.material(), minVersion });
  const made: Record<Name, Server> = {
    http: createHttpServer(app),
    https: createHttpsServer(app, material()),
    mqtt: createTcpListener(broker.accept),
    mqtts: createTlsListener(material(), broker.accept, deps),
  };
  const opened: Server[] = [];
  const ports: Partial<Record<Name, number>> = {};
  let refusing = false;

  return {
    ports,
    open: async () => {
      for (const server of [made.http, made.https] as HttpServer[]) {
        // A request has been read whole: whoever sent it is no silent socket.
        server.prependListener('request', ({ socket }, response) => {
          admission.established(socket);
          if (refusing) response.shouldKeepAlive = false;
        });
        broker.attachWebSockets(server);
        admission.guardUpgrades(server);
      }
      for (const name of ['http', 'https', 'mqtt', 'mqtts'] as const) {
        const { host, port } = config.listeners[name];
        if (port === 'off') continue;
        admission.guard(made[name]);
        meter.watch(name, made[name]);
        ports[name] = await listen(made[name], name, host, port);
        opened.push(made[name]);
      }
      certificates.start(() => {
        for (const server of [made.https, made.mqtts] as TlsServer[]) replaceMaterial(server, material());
      });
    },
    /** No new connection; those of HTTP that are open end with their next answer. */
    refuse: () => {
      refusing = true;
      // That of HTTP would also cut connections on which a request may be on its way.
      for (const server of opened) NetServer.prototype.close.call(server);
    },
    /** No new connection; resolves once the last one has ended. */
    close: async () => {
      certificates.stop();
      await Promise.all(opened.map(closeServer));
    },
    /** Ends the connections of HTTP that are still there. */
    cut: () => {
      for (const server of [made.http, made.https] as HttpServer[]) server.closeAllConnections();
    },
  };
}
