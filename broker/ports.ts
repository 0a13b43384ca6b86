import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Registry } from 'prom-client';
import type { ClientAddresses } from '../db/domain/client-address.ts';
import type { Clock } from '../db/domain/clock.ts';
import type { Limits, LimitWatch } from '../db/domain/limits.ts';
import type { Accounts, DeviceLink, EventLog, FlowMeter, Log } from '../db/domain/ports.ts';
import type { Commands, ReadingWriter } from '../db/domain/services.ts';
import type { Micros } from '../db/domain/types.ts';
import type { LiveState } from '../db/live-state/types.ts';
import type { QueueMeter } from '../db/metrics/queues.ts';
import type { DeviceStore } from '../db/stores/devices.ts';
import type { AuthenticateDeps } from './authenticate.ts';
import type { LoginHooksDeps } from './login-hooks.ts';
import type { BrokerCluster } from './shared/index.ts';
import type { WatchDeps } from './watch.ts';

export interface BrokerDeps {
  live: LiveState;
  writer: Pick<ReadingWriter, 'write' | 'saturated' | 'onDrain'>;
  clock: Clock;
  /** Microseconds: raw readings from before this are not kept. */
  rawFrom: () => Micros;
  devices: DeviceStore;
  findEnrollment: AuthenticateDeps['findEnrollment'];
  accounts: Accounts;
  guesses: LoginHooksDeps['guesses'];
  clients: ClientAddresses;
  events: EventLog;
  flows: FlowMeter;
  log: Log;
  metrics: Registry;
  queues: QueueMeter;
  /** Those whose certificates devices may log in with, PEM. */
  caBundle: () => string;
  enrollmentMode: AuthenticateDeps['enrollmentMode'];
  pairTimeoutMs: number;
  limits: Limits;
  limitWatch: LimitWatch;
  /** Origins of web pages elsewhere that may connect. */
  corsOrigins: readonly string[];
  /** Told of the socket of each connection that has logged in. */
  onEstablished: (socket: Socket) => void;
  /** Told of client ids that are no device's; null: there is no other node. */
  clientIds: WatchDeps['clientIds'];
  /** null: there is no other node. */
  others: {
    /** Resolves once they know what was changed here. */
    told(): Promise<void>;
    /** Reads a device that one of them has made. */
    findDevice(deviceId: string): Promise<void>;
  } | null;
  /** Other nodes; null: there are none. */
  cluster: BrokerCluster | null;
}

export interface Broker {
  link: DeviceLink;
  /** Open now. */
  readonly connections: number;
  start(commands: Commands): Promise<void>;
  /** Takes a connection of MQTT. `request`: the upgrade that a WebSocket came from. */
  accept(conn: Duplex, request?: IncomingMessage): void;
  /** Takes MQTT over WebSocket at `/mqtt` of a server that also answers REST. */
  attachWebSockets(server: HttpServer): void;
  /** Resolves once a message of its own has gone from publication to subscription. */
  passMessage(): Promise<void>;
  /** Ends all connections, spread over so many milliseconds; each is answered first. */
  sendAway(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** Nothing more is read; waits for what was accepted to be stored and acknowledged. */
  quiesce(milliseconds: number): Promise<void>;
  /** The client has connected to another node. */
  evict(clientId: string): void;
  /** Ends all sessions: what they hang on may have been taken away unheard. */
  endAll(): void;
  stop(): Promise<void>;
}
