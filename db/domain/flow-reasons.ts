import type { FlowName } from './ports.ts';

/** Why a message of a device was refused. */
export const REFUSAL_REASONS = [
  'bad_json',
  'missing_field',
  'bad_field',
  'unknown_type',
  'too_large',
  'too_deep',
  'wrong_time',
  'conflict',
  'not_allowed',
  'limit',
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** Those that say that something here is not as it should be; all others are the doing of who asked. */
const SERVER_REASONS = ['internal', 'unavailable', 'disk_full'] as const;

const REQUEST_REASONS = [
  'invalid',
  'unauthorized',
  'forbidden',
  'not_found',
  'conflict',
  'too_large',
  'too_many',
  'device_timeout',
] as const;

/** What can go wrong in each flow: the labels of `pm_iot_flow_errors_total`, all of them and no others. */
export const FLOW_REASONS = {
  authentication: ['wrong_credentials', 'locked', 'not_allowed', 'unavailable', 'internal'],
  device_registration: [...REFUSAL_REASONS, 'internal'],
  sensor_data: [...REFUSAL_REASONS, 'internal'],
  commands: ['rejected', 'timed_out', 'expired', 'internal'],
  widget_updates: ['internal'],
  widget_visibility: ['refused', 'unavailable', 'internal'],
  heartbeat: [...REFUSAL_REASONS, 'internal'],
  device_status: ['internal'],
  room_management: ['refused', 'unavailable', 'internal'],
  api_requests: [...REQUEST_REASONS, 'unavailable', 'internal'],
  mqtt_messages: [...REFUSAL_REASONS, 'internal'],
  database_sync: ['unavailable', 'disk_full', 'internal'],
} as const satisfies Record<FlowName, readonly string[]>;

export type FlowReason = (typeof FLOW_REASONS)[FlowName][number];

export const faultOf = (reason: FlowReason): 'server' | 'client' =>
  SERVER_REASONS.some((each) => each === reason) ? 'server' : 'client';
