import type { Limits } from '../db/domain/limits.ts';
import type { Reader } from './reader.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

export const DEFAULT_LIMITS: Limits = {
  connections: 20_000,
  connectionsPerAddress: 5000,
  halfOpenPerAddress: 400,
  packetsPerSecond: 1000,
  bytesPerSecond: 4 * MIB,
  packetBytes: 256 * KIB,
  unreadBytes: 256 * KIB,
  subscriptions: 1000,
  retained: 10_000,
  retainedBytes: 64 * MIB,
  sessions: 20_000,
  sessionsPerUser: 100,
  queued: 1000,
  queuedBytes: 64 * MIB,
  loginFailuresPerAddress: 300,
  loginFailuresPerName: 100,
};

export function readLimits({ count, size }: Reader): Limits {
  const many = 1_000_000;
  const of = DEFAULT_LIMITS;
  return {
    connections: count('MAX_CONNECTIONS', of.connections, 1, many),
    connectionsPerAddress: count('MAX_CONNECTIONS_PER_ADDRESS', of.connectionsPerAddress, 1, many),
    halfOpenPerAddress: count('MAX_HALF_OPEN_PER_ADDRESS', of.halfOpenPerAddress, 1, many),
    packetsPerSecond: count('MAX_PACKETS_PER_SECOND', of.packetsPerSecond, 1, many),
    bytesPerSecond: size('MAX_BYTES_PER_SECOND', of.bytesPerSecond, KIB, KIB * MIB),
    packetBytes: size('MAX_PACKET_BYTES', of.packetBytes, 2 * KIB, of.packetBytes),
    unreadBytes: size('MAX_UNREAD_BYTES', of.unreadBytes, 16 * KIB, 64 * MIB),
    subscriptions: count('MAX_SUBSCRIPTIONS', of.subscriptions, 1, many),
    retained: count('MAX_RETAINED', of.retained, 0, many),
    retainedBytes: size('MAX_RETAINED_BYTES', of.retainedBytes, 0, 4 * KIB * MIB),
    sessions: count('MAX_SESSIONS', of.sessions, 1, many),
    sessionsPerUser: count('MAX_SESSIONS_PER_USER', of.sessionsPerUser, 1, many),
    queued: count('MAX_QUEUED', of.queued, 0, many),
    queuedBytes: size('MAX_QUEUED_BYTES', of.queuedBytes, 0, 4 * KIB * MIB),
    loginFailuresPerAddress: count('MAX_LOGIN_FAILURES_PER_ADDRESS', of.loginFailuresPerAddress, 10, many),
    loginFailuresPerName: count('MAX_LOGIN_FAILURES_PER_NAME', of.loginFailuresPerName, 10, many),
  };
}
