import type { PairAnswer } from '../../db/domain/ports.ts';
import { MAX_TEXT } from '../../db/domain/reading-rules.ts';
import type { CommandResult } from '../../db/domain/services.ts';
import { Refusal } from '../refusal.ts';
import { type Fields, optionalText, requiredText } from './json.ts';
import { scalarOf } from './reading.ts';

function statusOf(fields: Fields): 'success' | 'error' {
  const status = requiredText(fields, 'status', 20);
  if (status !== 'success' && status !== 'error') {
    throw new Refusal('unknown_type', 'status must be "success" or "error"');
  }
  return status;
}

const messageOf = (fields: Fields) =>
  optionalText(fields, 'message', MAX_TEXT) ?? 'the device gave no reason';

export function parseCommandResult(fields: Fields): CommandResult {
  if (statusOf(fields) === 'error') return { status: 'error', message: messageOf(fields) };
  const { value } = fields;
  return value === undefined || value === null
    ? { status: 'success' }
    : { status: 'success', value: scalarOf(value, 'value') };
}

export function parsePairAnswer(fields: Fields): PairAnswer {
  return statusOf(fields) === 'success'
    ? { outcome: 'accepted' }
    : { outcome: 'rejected', message: messageOf(fields) };
}
