import type { Micros, Reading } from '../../db/domain/types.ts';
import { randomOf } from '../../test/helpers/random.ts';

/** A device's timer wakes it so much late at most. Microseconds, in steps of milliseconds as devices tell the time. */
const JITTER_MS = 250;
const DAY = 86_400_000_000;

interface Sensor {
  widgetId: number;
  /** Where in the interval it reports. */
  phase: Micros;
  drift: number;
}

export interface SensorOptions {
  widgetIds: readonly number[];
  /** Between two readings of a widget, microseconds. */
  every: Micros;
  seed: number;
}

/** Temperatures: a random walk around the course of the day, with two decimals. */
export function createSensors({ widgetIds, every, seed }: SensorOptions) {
  const random = randomOf(seed);
  const sensors = widgetIds.map(
    (widgetId): Sensor => ({
      widgetId,
      phase: random.below((every - JITTER_MS * 1000) / 1000) * 1000,
      drift: random.next() * 10,
    }),
  );
  // By time within each interval.
  sensors.sort((a, b) => a.phase - b.phase);

  const reading = (sensor: Sensor, start: Micros): Reading => {
    sensor.drift += (random.next() - 0.5) * 0.1 - sensor.drift * 0.0005;
    const daily = 4 * Math.sin((start / DAY) * 2 * Math.PI);
    const value = Math.round((20 + daily + sensor.drift) * 100) / 100;
    return {
      widgetId: sensor.widgetId,
      at: start + sensor.phase + random.below(JITTER_MS) * 1000,
      seq: 0,
      value,
    };
  };

  return {
    /** What all of them report from `start` (a multiple of the interval) to before `end`, interval by interval. */
    between(start: Micros, end: Micros): Reading[] {
      const readings: Reading[] = [];
      for (let at = start; at < end; at += every) {
        for (const sensor of sensors) readings.push(reading(sensor, at));
      }
      return readings;
    },
  };
}
