import type { LiveState } from '../db/live-state/types.ts';
import type { Identity } from './identity.ts';
import {
  covers,
  deviceLevel,
  isCorrelationId,
  isSecretTopic,
  isSystemTopic,
  parseUplink,
  topicOf,
} from './topics.ts';

/** `answer`: allowed while the command of this correlation id is addressed to the device, which must be looked up. */
export type Verdict = 'allow' | 'deny' | { answer: string };

type Devices = Pick<LiveState, 'device'>;

function ownLevel(level: string, deviceId: string): Verdict {
  if (level === deviceId) return 'allow';
  return isCorrelationId(level) ? { answer: level } : 'deny';
}

/** May this identity publish to this topic? */
export function mayPublish(identity: Identity, topic: string): Verdict {
  if (identity.kind === 'person') {
    if (isSystemTopic(topic)) return 'deny';
    const { role, acl } = identity.user;
    if (role === 'ADMIN') return 'allow';
    return role === 'INTEGRATION' && acl.publish.some((filter) => covers(filter, topic)) ? 'allow' : 'deny';
  }
  const uplink = parseUplink(topic);
  if (uplink === null) return 'deny';
  if (uplink.kind === 'register') return 'allow';
  if (identity.kind === 'enrolling') return 'deny';
  const verdict = ownLevel(uplink.id, identity.deviceId);
  return typeof verdict === 'object' && uplink.kind !== 'command_response' ? 'deny' : verdict;
}

function personMaySee(identity: Identity & { kind: 'person' }, level: string, devices: Devices): boolean {
  const roomId = devices.device(level)?.roomId ?? null;
  return roomId !== null && identity.user.roomIds.has(roomId);
}

/** May this identity subscribe to this (valid) filter? Wildcards of people are narrowed at each delivery. */
export function maySubscribe(identity: Identity, filter: string, devices: Devices): Verdict {
  const level = deviceLevel(filter);
  if (identity.kind === 'enrolling') {
    return filter === topicOf.registerResponse(identity.deviceId) ? 'allow' : 'deny';
  }
  if (identity.kind === 'device') {
    if (level === null) return 'deny';
    const verdict = ownLevel(level, identity.deviceId);
    return typeof verdict === 'object' && filter !== topicOf.commandResponse(level) ? 'deny' : verdict;
  }
  const { role, acl } = identity.user;
  if (role === 'ADMIN') return 'allow';
  if (role === 'INTEGRATION') {
    return !isSystemTopic(filter) && acl.subscribe.some((own) => covers(own, filter)) ? 'allow' : 'deny';
  }
  if (level === null) return 'deny';
  return level === '+' || level === '#' || personMaySee(identity, level, devices) ? 'allow' : 'deny';
}

/** May a message on this topic be forwarded to this identity now? Asked at every delivery. */
export function mayReceive(identity: Identity, topic: string, devices: Devices): boolean {
  if (isSecretTopic(topic)) return false;
  if (identity.kind === 'enrolling') return false;
  const level = deviceLevel(topic);
  if (identity.kind === 'device')
    return level === identity.deviceId || (level !== null && isCorrelationId(level));
  const { role, acl } = identity.user;
  if (role === 'ADMIN') return true;
  if (role === 'INTEGRATION') {
    return !isSystemTopic(topic) && acl.subscribe.some((own) => covers(own, topic));
  }
  return level !== null && personMaySee(identity, level, devices);
}
