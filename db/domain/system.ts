import type { DiskState } from '../history/disk-state.ts';

/** What the program tells of itself to whoever keeps it running. Holds no secret and no path. */
export interface SystemReport {
  database: {
    kind: 'embedded' | 'server';
    /** null: the database is away, or too busy to tell. */
    bytes: number | null;
  };
  nodes: NodeReport[];
  disks: DiskReport[];
  certificates: CertificateReport[];
  /** Bound ports; a listener that is off is missing. */
  listeners: { http?: number; https?: number; mqtt?: number; mqtts?: number };
}

/** One process. */
export interface NodeReport {
  /** Of its machine. */
  name: string;
  nodeVersion: string;
  startedAt: Date;
  /** Resident. */
  memoryBytes: number;
  /** Milliseconds, 99th percentile of the last minute or two. */
  eventLoopLag: number;
  /** Of MQTT. */
  connections: number;
  devicesConnected: number;
  devicesTotal: number;
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
