import type { DiskState } from '../history/disk-state.ts';

/** What the program tells of itself to whoever keeps it running. Holds no secret and no path. */
export interface SystemReport {
  database: {
    kind: 'embedded' | 'server';
    /** null: the database is away, or too busy to tell. */
    bytes: number | null;
  };
  /** This one first. */
  nodes: NodeState[];
  disks: DiskReport[];
  certificates: CertificateReport[];
  backup: BackupReport;
  /** With `.local`; null: it does not announce itself. */
  mdnsName: string | null;
  /** Bound ports; a listener that is off is missing. */
  listeners: { http?: number; https?: number; mqtt?: number; mqtts?: number };
}

/** Of Redis, as this node sees it; null: there is none. */
export type RedisState = 'ok' | 'away' | null;

/** One process, as it tells of itself. */
export interface NodeReport {
  /** New at each start. */
  id: string;
  /** For people: of its machine, unless told otherwise. */
  name: string;
  /** Of the program. */
  version: string;
  nodeVersion: string;
  startedAt: Date;
  /** Does it do what one node at a time does? */
  leader: boolean;
  draining: boolean;
  redis: RedisState;
  /** Resident. */
  memoryBytes: number;
  /** Milliseconds, 99th percentile of the last minute or two. */
  eventLoopLag: number;
  /** Of MQTT. */
  connections: number;
  /** To this node. */
  devicesConnected: number;
  /** Of the whole. */
  devicesTotal: number;
}

/** `down`: it has not been heard of for some seconds. `unknown`: the database is away, through which nodes hear of each other. */
export type NodeStatus = 'ok' | 'draining' | 'down' | 'unknown';

export interface NodeState extends NodeReport {
  status: NodeStatus;
  /** Its last sign of life. */
  heardAt: Date;
}

export interface DiskReport {
  name: 'data' | 'database';
  /** null: it cannot be measured from here. */
  freeBytes: number | null;
  totalBytes: number | null;
  /** By MIN_FREE_DISK. `unknown`: it cannot be measured, or nothing guards it. */
  state: DiskState | 'unknown';
}

export interface CertificateReport {
  /** `ca-next`: the CA that takes the place of the first, while it is being changed. */
  name: 'ca' | 'ca-next' | 'server';
  subject: string;
  /** `AA:BB:…` */
  sha256: string;
  expiresAt: Date;
  /** Negative once it has ended. */
  daysLeft: number;
}

/** Of scheduled backups. */
export interface BackupReport {
  /** null: none is made. */
  everyMs: number | null;
  keep: number;
  /** Of the newest one, by the clock of the machine then; null: there is none. */
  lastAt: Date | null;
  bytes: number | null;
  /** The last try: the log says why. */
  failed: boolean;
}

/** What Prometheus reads. */
export interface MetricsText {
  readonly contentType: string;
  metrics(): Promise<string>;
}
