import { parseImported, ReadingRefused } from '../../db/domain/imported-reading.ts';
import { SEQ_RULE } from '../../db/domain/reading-rules.ts';
import { formatMicros } from '../../db/domain/time.ts';
import type { Micros, Value } from '../../db/domain/types.ts';
import type { Columns } from './columns.ts';

/** A reading as `POST /api/import` takes it. */
export interface Row {
  device_id: string;
  capability_type: string;
  control_type: string | undefined;
  unit: string | undefined;
  at: string;
  seq: number | undefined;
  value: Value;
}

export interface RowOptions {
  device: string | undefined;
  capability: string | undefined;
  control: string | undefined;
  unit: string | undefined;
}

const JSON_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
/** States of Home Assistant that say that there is no value. */
const NO_STATES = new Set(['unavailable', 'unknown']);
const GUARDED = /^'+[=+\-@\t\r]/;
/** Control characters, and halves of characters: nobody could type the name of such a capability. */
const NOT_IN_NAMES = /[\p{Cc}\p{Cs}]/gu;

const refused = (message: string) => new ReadingRefused('INVALID', message);

const numberOf = (text: string): number | null => {
  const number = JSON_NUMBER.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(number) ? number : null;
};

function guessed(text: string): Value {
  const plain = text.trim();
  if (plain === 'true' || plain === 'false') return plain === 'true';
  return numberOf(plain) ?? text;
}

function typed(text: string, type: string): Value {
  const plain = text.trim();
  if (type === 'text') return text;
  if (type === 'boolean' && /^(true|false)$/i.test(plain)) return plain.toLowerCase() === 'true';
  const number = type === 'number' ? numberOf(plain) : null;
  if (number !== null) return number;
  if (type !== 'number' && type !== 'boolean') {
    throw refused(`type must be number, boolean or text, not ${JSON.stringify(type.slice(0, 50))}`);
  }
  throw refused(`${JSON.stringify(text.slice(0, 50))} is no ${type}`);
}

function seqOf(text: string): number | undefined {
  if (text === '') return undefined;
  if (!/^\d+$/.test(text)) throw refused(SEQ_RULE);
  return Number(text);
}

/**
 * Reads the lines of a file as readings; null: the line tells that there was no value. Throws ReadingRefused for what the
 * server would refuse.
 */
export function createRowReader(columns: Columns, options: RowOptions, timeOf: (text: string) => Micros) {
  const { place, own, states, count } = columns;
  const plain = (text: string) => (own && GUARDED.test(text) ? text.slice(1) : text);

  return (cells: readonly string[]): Row | null => {
    if (cells.length !== count) {
      throw refused(`it has ${cells.length} columns, and the first line has ${count}`);
    }
    const cell = (column: keyof typeof place) => cells[place[column] ?? -1] ?? '';
    // Names of ours are exact: one may begin with a space.
    const named = (column: 'device' | 'capability' | 'control' | 'unit') =>
      (own ? plain(cell(column)) : cell(column).trim()) || options[column];
    const type = cell('type').trim().toLowerCase();
    const value = plain(cell('value'));
    const isNone = (value.trim() === '' && type !== 'text') || (states && NO_STATES.has(value));
    if (isNone) return null;
    const row: Row = {
      device_id: named('device') ?? '',
      capability_type: (named('capability') ?? '').replaceAll(NOT_IN_NAMES, '_'),
      control_type: named('control'),
      unit: named('unit'),
      at: formatMicros(timeOf(cell('at')), true),
      seq: seqOf(cell('seq').trim()),
      value: type === '' ? guessed(value) : typed(value, type),
    };
    parseImported(row);
    return row;
  };
}

/** The row as JSON, in which a negative zero stays one. */
export function encodeRow({ value, ...row }: Row): string {
  const text = Object.is(value, -0) ? '-0' : JSON.stringify(value);
  return `${JSON.stringify(row).slice(0, -1)},"value":${text}}`;
}
