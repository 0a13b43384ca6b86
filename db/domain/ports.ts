import type { FlowReason } from './flow-reasons.ts';
import type { Command, Device, User } from './types.ts';

/** What REST needs of the connections to devices, wherever they are held. The broker implements it. */
export interface DeviceLink {
  /** Hands a command, already marked `sent`, to the device's live connection. false: nothing was written. */
  deliver(command: Command): Promise<boolean>;
  /** Is there a live session that has subscribed to its command topic? */
  reachable(devicePk: number): boolean;
  /** Shows the key from a device's label to the device and waits for its word. */
  pair(device: Device, deviceKey: string): Promise<PairAnswer>;
  /** Ends every live MQTT session of a device or a person at once. */
  endDeviceSessions(deviceId: string): Promise<void>;
  endUserSessions(userId: number): Promise<void>;
  /** Those that logged in with this token. */
  endTokenSessions(tokenId: string): Promise<void>;
  /** The device has been removed: ends its session and drops what the broker keeps of it, retained messages too. */
  forgetDevice(deviceId: string): Promise<void>;
  /** The account has been removed: ends its sessions and drops those that were kept for it. */
  forgetUser(userId: number): Promise<void>;
}

export type PairAnswer =
  | { outcome: 'accepted' }
  | { outcome: 'rejected'; message: string }
  | { outcome: 'offline' }
  | { outcome: 'timeout' };

/** Log-in of people, shared by REST and MQTT so that both count failures together. */
export interface Accounts {
  /** `password` is the password or a JWT of this user. Never throws for bad credentials. */
  authenticate(login: { username: string; password: string; address: string }): Promise<LoginResult>;
  find(id: number): User | undefined;
}

/** What a session that was opened with a JWT hangs on. */
export interface TokenRef {
  /** `jti` */
  id: string;
  /** Milliseconds. */
  expiresAt: number;
}

export type LoginResult =
  /** `token`: it came with a JWT instead of the password. */
  | { ok: true; user: User; token: TokenRef | null }
  | { ok: false; reason: 'invalid' }
  /** Too many failures of this name from this address (or the password queue is full): try again later. */
  | { ok: false; reason: 'locked'; retryAfterSeconds: number };

export const FLOWS = [
  'authentication',
  'device_registration',
  'sensor_data',
  'commands',
  'widget_updates',
  'widget_visibility',
  'heartbeat',
  'device_status',
  'room_management',
  'api_requests',
  'mqtt_messages',
  'database_sync',
] as const;
export type FlowName = (typeof FLOWS)[number];

/** Why a flow does not work, as `/api/health` tells it; docs/operations.md says what to do. */
export const FLOW_FAULTS = [
  'database_unavailable',
  'database_read_only',
  'disk_full',
  'clock_wrong',
  'draining',
  'listener_unreachable',
  'unexpected_answer',
  'stalled',
  'timed_out',
  'no_answer',
  'failed',
] as const;
export type FlowFault = (typeof FLOW_FAULTS)[number];

/** Counts what really happened in each flow; `/api/health` tells it. */
export interface FlowMeter {
  /** `ok`: the flow works, also where somebody was refused; `reason`: why it did not come to a good end. */
  record(flow: FlowName, milliseconds: number, ok: boolean, reason?: FlowReason): void;
}

/** What an administrator can read later: who did what and when. Bounded; never blocks the caller. */
export interface EventLog {
  /** false: the same has been told within a minute, and is told later, with a count. */
  record(event: NewEvent): boolean;
}

export interface NewEvent {
  kind: EventKind;
  actor: string;
  deviceId?: string;
  roomId?: number;
  detail?: EventDetail;
}

export type EventDetail = Record<string, string | number | boolean | null>;

export const EVENT_KINDS = [
  'login',
  'mqtt_login',
  'login_failed',
  'login_locked',
  'logout',
  'password_changed',
  'user_created',
  'user_updated',
  'user_deleted',
  'room_created',
  'room_renamed',
  'room_deleted',
  'widgets_ordered',
  'widget_updated',
  'enrollment_created',
  'enrollment_deleted',
  'device_registered',
  'device_renamed',
  'device_deleted',
  'device_paired',
  'device_unpaired',
  'device_secret_renewed',
  'device_revoked',
  'device_reenroll_allowed',
  'device_reenroll_withdrawn',
  'pair_rejected',
  'command_requested',
  'command_finished',
  'denied',
  'limit_reached',
  'certificate_renewed',
  'certificate_ends',
  'history_dropped',
  'history_waits',
  'disk_low',
  'backup_failed',
  'readings_imported',
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** Structural subset of a pino logger, so that nothing below `main` needs to know which one it is. */
export interface Log {
  debug(object: object, message: string): void;
  info(object: object, message: string): void;
  warn(object: object, message: string): void;
  error(object: object, message: string): void;
  fatal(object: object, message: string): void;
}
