/** What one client, one address or all together may use. None is met by a normal home; docs/limits.md tells each. */
export interface Limits {
  connections: number;
  connectionsPerAddress: number;
  halfOpenPerAddress: number;
  packetsPerSecond: number;
  bytesPerSecond: number;
  packetBytes: number;
  unreadBytes: number;
  subscriptions: number;
  retained: number;
  retainedBytes: number;
  sessions: number;
  sessionsPerUser: number;
  queued: number;
  queuedBytes: number;
  loginFailuresPerAddress: number;
  loginFailuresPerName: number;
}

export const LIMIT_NAMES = [
  'connections',
  'connections_per_address',
  'half_open_per_address',
  'packets_per_second',
  'bytes_per_second',
  'packet_bytes',
  'unread_bytes',
  'subscriptions',
  'retained',
  'sessions',
  'sessions_per_user',
  'queued',
  'login_failures',
  'login_failures_per_address',
  'login_failures_per_name',
] as const;
export type LimitName = (typeof LIMIT_NAMES)[number];

export interface Offender {
  /** Name of the session; the address where nobody has logged in. */
  actor: string;
  deviceId?: string;
  address?: string;
}

/** Told of everyone who meets a limit: counted, kept as an event (once a minute for each), and logged. */
export interface LimitWatch {
  reached(limit: LimitName, by: Offender): void;
}
