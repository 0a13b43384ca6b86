import type { RefusalReason } from '../db/domain/flow-reasons.ts';

const CODES: Record<RefusalReason, string> = {
  bad_json: 'INVALID_PAYLOAD',
  missing_field: 'INVALID_PAYLOAD',
  bad_field: 'INVALID_PAYLOAD',
  unknown_type: 'INVALID_PAYLOAD',
  too_large: 'PAYLOAD_TOO_LARGE',
  too_deep: 'INVALID_PAYLOAD',
  wrong_time: 'INVALID_TIMESTAMP',
  conflict: 'CONFLICT',
  not_allowed: 'FORBIDDEN',
  limit: 'LIMIT_REACHED',
};

/** A message of a device that is not accepted: told to the device, kept as its last error, and acknowledged. */
export class Refusal extends Error {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, message: string) {
    super(message);
    this.name = 'Refusal';
    this.reason = reason;
  }

  /** What the device is told; stable. */
  get code(): string {
    return CODES[this.reason];
  }
}
