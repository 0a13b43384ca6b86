import type { IncomingMessage } from 'node:http';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context, TypedResponse } from 'hono';
import type { AccountsService, Caller } from '../db/accounts/index.ts';
import type { Freshness } from '../db/cluster/shared-values.ts';
import type { ClientAddresses } from '../db/domain/client-address.ts';
import { DomainError } from '../db/domain/errors.ts';
import type { DeviceLink, EventLog, FlowName, Log } from '../db/domain/ports.ts';
import type { Commands } from '../db/domain/services.ts';
import type { MetricsText, NodeState, SystemReport } from '../db/domain/system.ts';
import type { Trace } from '../db/domain/trace.ts';
import type { Actor, User } from '../db/domain/types.ts';
import type { FlowMeterService } from '../db/flow-meter.ts';
import { metered } from '../db/health/metered.ts';
import type { FlowProbes } from '../db/health/probes.ts';
import type { DiskState } from '../db/history/disk-state.ts';
import type { HistoryService } from '../db/history/index.ts';
import type { HistoryStore } from '../db/history/query/index.ts';
import type { Imports } from '../db/imports.ts';
import type { LiveDevice, LiveRoom, LiveState, LiveWidget } from '../db/live-state/types.ts';
import type { DeviceStore } from '../db/stores/devices.ts';
import type { EnrollmentStore } from '../db/stores/enrollments.ts';
import type { EventStore } from '../db/stores/events.ts';
import type { RoomStore } from '../db/stores/rooms.ts';
import type { WidgetStore } from '../db/stores/widgets.ts';
import type { Reach } from './enrolment-line.ts';
import type { KeptPolls } from './kept-polls.ts';
import { Representation } from './representation.ts';
import type { WebApp } from './web-app.ts';

export interface AppDeps {
  live: LiveState;
  commands: Commands;
  link: DeviceLink;
  accounts: AccountsService;
  clients: ClientAddresses;
  rooms: RoomStore;
  devices: DeviceStore;
  widgets: WidgetStore;
  enrollments: EnrollmentStore;
  /** DEVICE_ENROLLMENT */
  enrollmentMode: 'open' | 'token' | 'closed';
  events: EventStore;
  history: HistoryStore;
  imports: Imports;
  historyUpkeep: Pick<HistoryService, 'rebuild' | 'status'>;
  eventLog: EventLog;
  flows: FlowMeterService;
  metrics: MetricsText;
  /** METRICS_TOKEN */
  metricsToken: string | null;
  /** Tries out flows that nobody uses. */
  probes: FlowProbes;
  /** Asks the database something, and gives the milliseconds it took; null: it is away, or hangs. */
  pingDatabase(): Promise<number | null>;
  /** Are all listeners up? */
  started(): boolean;
  /** Can the clock of this machine be believed? */
  clockTrusted(): boolean;
  /** Of the disk of the database. `critical`: no readings are stored. */
  diskState(): DiskState;
  /** This one first. */
  nodes(): NodeState[];
  /** Begins to take this node out of service. */
  drain(): void;
  /** Answers while the database is away, too. */
  system(): Promise<SystemReport>;
  version: string;
  log: Log;
  now: () => number;
  /** Origins of web pages elsewhere that may call. */
  corsOrigins: readonly string[];
  /** The CA that devices and apps must trust, PEM; two while it is being changed. */
  caBundle(): string;
  /** How devices reach this server. */
  reach(): Reach;
  webApp: WebApp;
  /** Of what other nodes hold; null: there is none. */
  freshness: Freshness | null;
  others: {
    /** Resolves once the other nodes have dealt with a change of this one. */
    told(): Promise<void>;
    /** Reads a device that another node may have made. */
    findDevice(deviceId: string): Promise<void>;
  } | null;
}

export interface Env {
  Variables: { caller: Caller; trace: Trace };
  /** Absent without a socket, as in `app.request()`. */
  Bindings: Partial<Pick<KeptPolls, 'keep'> & { incoming: IncomingMessage }>;
}
export type Api = OpenAPIHono<Env>;
export type Ctx = Context<Env>;

/** Has the request a body, as its headers tell? */
export function hasBody(c: Context): boolean {
  const length = c.req.header('Content-Length');
  return c.req.header('Transfer-Encoding') !== undefined || (length !== undefined && length !== '0');
}

/** JSON of a type that the route's schema knows. The cast is here alone: Hono's own `c.json` writes no ETag. */
type Answer<T, S extends number> = Response & TypedResponse<T, S & 200, 'json'>;

const representationOf = (value: unknown): Representation =>
  value instanceof Representation ? value : Representation.ofJson(value);

/** A resource: ETag, 304 and compression. */
export async function resource<T>(c: Ctx, value: T | Representation): Promise<Answer<T, 200>> {
  return (await representationOf(value).answer(c)) as Answer<T, 200>;
}

export interface PolledOptions {
  flow?: FlowName;
  /** What is told hangs on values of this room, which other nodes may hold. */
  roomId?: number;
  /** The same of something else, asked for each time. */
  refresh?: (freshness: Freshness) => Promise<unknown>;
}

/**
 * A resource of what is in memory. `build` looks for it with the rights of the caller, throws where there is nothing for
 * them, and is asked again when the connection repeats the request: only who calls is then still to be asked.
 */
export async function polled<T>(
  c: Ctx,
  { accounts, flows, corsOrigins, freshness }: AppDeps,
  build: () => T | Representation,
  { flow, roomId, refresh }: PolledOptions = {},
): Promise<Answer<T, 200>> {
  const isFresh = () => roomId === undefined || freshness === null || freshness.isFresh(roomId);
  const answer = await metered(flows, flow, async () => {
    if (freshness !== null && (refresh !== undefined || !isFresh())) {
      // Whoever may not see it makes nobody read it.
      build();
      await (refresh?.(freshness) ?? freshness.refreshRoom(roomId ?? 0));
    }
    return resource<T>(c, build());
  });
  const { incoming, keep } = c.env ?? {};
  // Equal headers do not make equal bodies; and what pages elsewhere may read is said by a middleware.
  if (incoming === undefined || keep === undefined || hasBody(c) || corsOrigins.length > 0) return answer;
  if (freshness !== null && refresh !== undefined) return answer;
  const caller = c.get('caller');
  keep(incoming, {
    again: () => (accounts.isStill(caller) && isFresh() ? representationOf(build()) : null),
    meter: (milliseconds) => {
      if (flow !== undefined) flows.record(flow, milliseconds, true);
      flows.record('api_requests', milliseconds, true);
    },
  });
  return answer;
}

/** Who calls; that they may is the route's to say. */
export const userOf = (c: Ctx): User => c.get('caller').user;

export const actorOf = ({ id, username }: User): Actor => ({ userId: id, username });

export function mayUseRoom(user: User, roomId: number | null): boolean {
  return user.role === 'ADMIN' || (roomId !== null && user.roomIds.has(roomId));
}

/** What was not granted is not found, as if it did not exist. */
export function roomFor(live: LiveState, user: User, id: number): LiveRoom {
  const room = live.room(id);
  if (room === undefined || !mayUseRoom(user, id)) throw new DomainError('NOT_FOUND', 'no such room');
  return room;
}

export function deviceFor(live: LiveState, user: User, deviceId: string): LiveDevice {
  const device = live.device(deviceId);
  if (device === undefined || !mayUseRoom(user, device.roomId))
    throw new DomainError('NOT_FOUND', 'no such device');
  return device;
}

export function adminsDevice(c: Ctx, live: LiveState, deviceId: string): { admin: User; device: LiveDevice } {
  const admin = userOf(c);
  return { admin, device: deviceFor(live, admin, deviceId) };
}

export function widgetFor(live: LiveState, user: User, id: number): LiveWidget {
  const widget = live.widget(id);
  if (widget === undefined || !mayUseRoom(user, widget.device.roomId)) {
    throw new DomainError('NOT_FOUND', 'no such widget');
  }
  return widget;
}
