import { UsageError } from '../operator/usage.ts';

/** Names of each column, the first that a file has counts. */
const NAMES = {
  at: ['at', 'timestamp', 'time', 'last_changed', 'last_updated', 'ts', 'date'],
  value: ['value', 'state', 'val'],
  device: ['device_id', 'device'],
  capability: ['capability_type', 'capability', 'key', 'entity_id'],
  control: ['control_type'],
  unit: ['unit', 'unit_of_measurement'],
  seq: ['seq'],
  type: ['type'],
} as const;

type Column = keyof typeof NAMES;

/** Columns of a file that our own export has made: it has them all, so that nothing else is taken for one. */
const OWN = ['at', 'device_id', 'capability_type', 'control_type', 'unit', 'type', 'seq', 'value'];

export interface Columns {
  /** How many there are. */
  count: number;
  /** Place of each; undefined: the file has none. */
  place: Readonly<Record<Column, number | undefined>>;
  /** Its values are states of Home Assistant, of which some are none. */
  states: boolean;
  /** Our own export: an apostrophe in front of text guards it against spreadsheets. */
  own: boolean;
}

/** What fills in for a column that is absent, or for an empty cell. */
export interface Fallbacks {
  device: string | undefined;
  capability: string | undefined;
}

/** Errors: UsageError that tells what the header lacks. */
export function findColumns(header: readonly string[], { device, capability }: Fallbacks): Columns {
  const names = header.map((name) => name.trim().toLowerCase());
  const find = (column: Column) => {
    const name = NAMES[column].find((alias) => names.includes(alias));
    return { name, place: name === undefined ? undefined : names.indexOf(name) };
  };
  const needed = (column: Column, option?: string) => {
    const { place } = find(column);
    if (place !== undefined || option !== undefined) return place;
    const otherwise = column === 'device' || column === 'capability' ? `, or --${column}` : '';
    throw new UsageError(
      `the file has no column ${NAMES[column].join(', ')}${otherwise}; its first line has: ${names.slice(0, 20).join(', ')}`,
    );
  };
  return {
    count: names.length,
    place: {
      at: needed('at'),
      value: needed('value'),
      device: needed('device', device),
      capability: needed('capability', capability),
      control: find('control').place,
      unit: find('unit').place,
      seq: find('seq').place,
      type: find('type').place,
    },
    states: find('value').name === 'state',
    own: OWN.every((name) => names.includes(name)),
  };
}
