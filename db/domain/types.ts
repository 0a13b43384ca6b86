/** What a device may report or be asked for: one scalar, kept exactly as it was sent. */
export type Value = string | number | boolean;

export const CONTROL_TYPES = ['toggle', 'slider', 'mode', 'text', 'button', 'sensor', 'heartbeat'] as const;
export type ControlType = (typeof CONTROL_TYPES)[number];

export const ROLES = ['ADMIN', 'USER', 'INTEGRATION'] as const;
export type Role = (typeof ROLES)[number];

export const WIDGET_STATUSES = ['include', 'exclude'] as const;
export type WidgetStatus = (typeof WIDGET_STATUSES)[number];

export const COMMAND_STATUSES = ['queued', 'sent', 'executed', 'rejected', 'timed_out', 'expired'] as const;
export type CommandStatus = (typeof COMMAND_STATUSES)[number];

/** Topic filters an INTEGRATION account may use outside `devices/`, `device/` and `$…`. */
export interface Acl {
  publish: string[];
  subscribe: string[];
}

export interface User {
  id: number;
  username: string;
  name: string | null;
  role: Role;
  acl: Acl;
  /** Rooms granted to a USER; ignored for an ADMIN, who sees every room. */
  roomIds: ReadonlySet<number>;
  /** Apps have the person choose another password first; nothing is refused here. */
  mustChangePassword: boolean;
  createdAt: Date;
}

/** Who asked for something; kept with commands and events. */
export interface Actor {
  userId: number | null;
  username: string;
}

export interface LastError {
  topic: string;
  code: string;
  message: string;
  timestamp: string;
}

export interface Capability {
  capabilityType: string;
  controlType: ControlType;
  min: number | null;
  max: number | null;
  unit: string | null;
  options: string[] | null;
}

export interface Room {
  id: number;
  name: string;
}

export interface Device {
  pk: number;
  deviceId: string;
  name: string;
  type: string;
  version: string | null;
  manufacturer: string | null;
  roomId: number | null;
  createdAt: Date;
  revoked: boolean;
  /** Until then it may enrol once more, though its secret has been used; null: it may not. */
  reenrollUntil: Date | null;
  lastHeartbeat: Date | null;
  lastError: LastError | null;
}

export interface Widget {
  id: number;
  devicePk: number;
  name: string;
  order: number;
  status: WidgetStatus;
  capability: Capability;
}

/** Microseconds since 1970-01-01T00:00:00Z: a safe integer until the year 2255. */
export type Micros = number;

/** One value of one widget. Its identity is (widgetId, at, seq). */
export interface Reading {
  widgetId: number;
  at: Micros;
  seq: number;
  value: Value;
}

export interface Command {
  id: number;
  /** Begins with `~`, which no device id may contain. */
  correlationId: string;
  widgetId: number;
  devicePk: number;
  value: Value;
  status: CommandStatus;
  requestedBy: string;
  /** Of the request that asked for it; null: one of before requests had any. */
  traceId: string | null;
  createdAt: Date;
  sentAt: Date | null;
  finishedAt: Date | null;
  /** What the device answered, once it did. */
  resultValue: Value | null;
  error: string | null;
}

export const TERMINAL: ReadonlySet<CommandStatus> = new Set(['executed', 'rejected', 'timed_out', 'expired']);
