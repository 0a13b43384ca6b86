import type { Clock } from './domain/clock.ts';
import { DomainError } from './domain/errors.ts';
import {
  checkNotAhead,
  type ImportedReading,
  type ImportRefusal,
  parseImported,
  ReadingRefused,
} from './domain/imported-reading.ts';
import type { Importer, ImportOutcome } from './domain/services.ts';
import type { Reading } from './domain/types.ts';
import { capabilityKey, type LiveDevice, type LiveState, type LiveWidget } from './live-state/types.ts';
import type { DeviceStore } from './stores/devices.ts';

export interface ImportsDeps {
  live: LiveState;
  devices: Pick<DeviceStore, 'create' | 'declare'>;
  importer: Importer;
  clock: Pick<Clock, 'now' | 'trusted'>;
}

export interface Refused {
  /** Of the reading in the order given. */
  index: number;
  code: ImportRefusal;
  message: string;
}

export interface Imported {
  stored: number;
  known: number;
  refused: Refused[];
  /** The one whose readings all of them are; null: they are of several. */
  deviceId: string | null;
}

export interface ImportOptions {
  /** Makes devices that do not exist. */
  create: boolean;
  /** Told of each that was made, also where the rest fails. */
  onCreated: (deviceId: string) => void;
}

export interface Imports {
  /** Stores each reading that it can, whatever its age, as if its device had sent it. Throws when the database is away. */
  run(given: readonly unknown[], options: ImportOptions): Promise<Imported>;
}

const REASONS: Record<Exclude<ImportOutcome, 'stored' | 'known'>, Omit<Refused, 'index'>> = {
  conflict: { code: 'CONFLICT', message: 'another value is stored under the same widget, time and seq' },
  summarised: {
    code: 'SUMMARISED',
    message: 'the raw readings of that hour are gone, and its summary exists already',
  },
};

/** What the first that asked for a key was told, or its error, is told to all that ask again. */
function createOnce<T>() {
  const answers = new Map<string, Promise<T>>();
  return (key: string, ask: () => Promise<T>): Promise<T> => {
    const known = answers.get(key);
    if (known !== undefined) return known;
    const answer = ask();
    answers.set(key, answer);
    return answer;
  };
}

/** See `Imports`. */
export function createImports({ live, devices, importer, clock }: ImportsDeps): Imports {
  const unknownDevice = (deviceId: string, why: string) =>
    new ReadingRefused('UNKNOWN_DEVICE', `there is no device ${deviceId}${why}`);

  const create = async (deviceId: string, onCreated: ImportOptions['onCreated']): Promise<LiveDevice> => {
    const made = await devices.create(deviceId);
    if (made !== null) {
      onCreated(deviceId);
      return live.putDevice(made);
    }
    const device = live.device(deviceId);
    if (device === undefined) throw unknownDevice(deviceId, ' yet: it registers just now');
    return device;
  };

  const declare = async (device: LiveDevice, reading: ImportedReading): Promise<LiveWidget> => {
    const { capabilityType, controlType, unit } = reading;
    const capability = { capabilityType, controlType, unit, min: null, max: null, options: null };
    const isGone = () => live.deviceByPk(device.pk) !== device;
    try {
      const widget = await devices.declare(device.pk, capability);
      if (!isGone()) return live.putWidget(widget);
    } catch (error) {
      if (error instanceof DomainError) throw new ReadingRefused('LIMIT_REACHED', error.message);
      if (!isGone()) throw error;
    }
    throw unknownDevice(device.deviceId, ' any more: it has been removed');
  };

  /** Finds the widgets of one request's readings, and makes what is missing. */
  const createFinder = (options: ImportOptions) => {
    const deviceOnce = createOnce<LiveDevice>();
    const widgetOnce = createOnce<LiveWidget>();
    const deviceFor = async (deviceId: string) => {
      const known = live.device(deviceId);
      if (known !== undefined) return known;
      if (!options.create) throw unknownDevice(deviceId, '');
      return create(deviceId, options.onCreated);
    };
    return async (reading: ImportedReading): Promise<LiveWidget> => {
      const { deviceId, capabilityType, controlType } = reading;
      const device = await deviceOnce(deviceId, () => deviceFor(deviceId));
      const key = capabilityKey(capabilityType, controlType);
      const known = device.byCapability.get(key);
      return known ?? widgetOnce(`${device.pk}/${key}`, () => declare(device, reading));
    };
  };

  return {
    run: async (given, options) => {
      const refused: Refused[] = [];
      const find = createFinder(options);
      const readings: (Reading & { index: number })[] = [];
      const deviceIds = new Set<string>();
      for (const [index, entry] of given.entries()) {
        try {
          const reading = parseImported(entry);
          checkNotAhead(reading.at, clock);
          const { at, seq, value } = reading;
          const { id: widgetId } = await find(reading);
          readings.push({ index, widgetId, at, seq, value });
          deviceIds.add(reading.deviceId);
        } catch (error) {
          if (!(error instanceof ReadingRefused)) throw error;
          refused.push({ index, code: error.code, message: error.message });
        }
      }
      const outcomes = readings.length === 0 ? [] : await importer.store(readings);
      const counts = { stored: 0, known: 0 };
      for (const [i, { index, widgetId, at, seq, value }] of readings.entries()) {
        const outcome = outcomes[i] ?? 'conflict';
        if (outcome === 'conflict' || outcome === 'summarised') {
          refused.push({ index, ...REASONS[outcome] });
          continue;
        }
        counts[outcome]++;
        // Known ones too: the request that stored them may have failed before it came here.
        live.applyReading(widgetId, at, seq, value);
      }
      refused.sort((a, b) => a.index - b.index);
      const [only] = deviceIds;
      return { ...counts, refused, deviceId: deviceIds.size === 1 && only ? only : null };
    },
  };
}
