import type { Clock } from '../../db/domain/clock.ts';
import { CLOCK_TOLERANCE_MS } from '../../db/domain/clock.ts';
import { DomainError } from '../../db/domain/errors.ts';
import type { FlowMeter } from '../../db/domain/ports.ts';
import type { ReadingWriter, StoreOutcome } from '../../db/domain/services.ts';
import { formatMicros } from '../../db/domain/time.ts';
import type { Capability, Micros, Reading, Widget } from '../../db/domain/types.ts';
import {
  capabilityKey,
  type LiveDevice,
  type LiveState,
  type LiveWidget,
} from '../../db/live-state/types.ts';
import type { DupMemory } from '../dup-memory.ts';
import { type Done, deviceOf, type Handler, type Message } from '../message.ts';
import { parseFields } from '../messages/json.ts';
import { parseReadings, type SentReading } from '../messages/reading.ts';
import { untilStored } from '../patience.ts';
import { Refusal } from '../refusal.ts';
import type { Session } from '../sessions.ts';

export interface SensorDeps {
  live: LiveState;
  writer: Pick<ReadingWriter, 'write'>;
  clock: Clock;
  /** Microseconds: raw readings from before this are not kept. */
  rawFrom: () => Micros;
  flows: FlowMeter;
  dups: DupMemory;
  declare(devicePk: number, capability: Capability): Promise<Widget>;
  /** Calls back once the machine's clock can be believed. */
  whenTrusted(task: () => void): void;
}

const REASONS = { CONFLICT: 'conflict', INVALID_TIMESTAMP: 'wrong_time' } as const;

/** Readings, batches and heartbeats: acknowledged once they are stored. */
export function createSensorHandler(deps: SensorDeps): Handler {
  const { live, writer, clock, rawFrom, flows, dups, declare, whenTrusted } = deps;
  /** Declarations under way, so that a burst of first readings declares once. */
  const declaring = new Map<string, Promise<void>>();

  const checkTimes = (readings: readonly SentReading[]) => {
    if (!clock.trusted()) return;
    const latest = (clock.now() + CLOCK_TOLERANCE_MS) * 1000;
    const earliest = rawFrom();
    for (const { at } of readings) {
      if (at === null) continue;
      if (at > latest) throw new Refusal('wrong_time', 'timestamp is more than 5 minutes ahead');
      if (at < earliest) {
        const since = formatMicros(earliest);
        throw new Refusal('wrong_time', `timestamp is older than raw readings are kept: since ${since}`);
      }
    }
  };

  const widgetOf = (
    device: LiveDevice,
    { capabilityType, controlType }: SentReading,
  ): LiveWidget | undefined => device.byCapability.get(capabilityKey(capabilityType, controlType));

  const declareOne = async (session: Session, device: LiveDevice, reading: SentReading) => {
    const { capabilityType, controlType, unit } = reading;
    const capability = { capabilityType, controlType, unit, min: null, max: null, options: null };
    const widget = await untilStored(session, () => declare(device.pk, capability));
    if (live.deviceByPk(device.pk) === device) live.putWidget(widget);
  };

  const declareMissing = async (session: Session, device: LiveDevice, readings: readonly SentReading[]) => {
    for (const reading of readings) {
      if (widgetOf(device, reading) !== undefined) continue;
      const key = `${device.pk}/${capabilityKey(reading.capabilityType, reading.controlType)}`;
      let running = declaring.get(key);
      if (running === undefined) {
        running = declareOne(session, device, reading).finally(() => declaring.delete(key));
        declaring.set(key, running);
      }
      try {
        await running;
      } catch (error) {
        throw error instanceof DomainError ? new Refusal('limit', error.message) : error;
      }
    }
  };

  const store = (message: Message, device: LiveDevice, sent: readonly SentReading[], done: Done) => {
    const started = performance.now();
    const untimed = sent.filter(({ at }) => at === null).length;
    const times = untimed === 0 ? [] : dups.times(device, message, () => arrivals(untimed));
    let next = 0;
    const readings: Reading[] = [];
    for (const reading of sent) {
      const widget = widgetOf(device, reading);
      const at = reading.at ?? times[next++];
      if (widget === undefined || at === undefined) {
        done(new Refusal('not_allowed', 'the device was removed'));
        return;
      }
      readings.push({ widgetId: widget.id, at, seq: reading.seq, value: reading.value });
    }
    writer.write(readings, (outcome: StoreOutcome) => {
      flows.record('sensor_data', performance.now() - started, outcome.ok);
      done(outcome.ok ? null : new Refusal(REASONS[outcome.code], outcome.message));
    });
  };

  const arrivals = (count: number): Micros[] => Array.from({ length: count }, () => clock.arrival());

  return (message, done) => {
    const device = deviceOf(message);
    live.beat(device);
    const sent = parseReadings(parseFields(message.payload));
    checkTimes(sent);
    const readings = sent.filter(({ controlType }) => controlType !== 'heartbeat');
    if (readings.length < sent.length) flows.record('heartbeat', 0, true);
    if (readings.length === 0) {
      done(null);
      return;
    }
    const proceed = () => {
      if (readings.every((reading) => widgetOf(device, reading) !== undefined)) {
        store(message, device, readings, done);
        return;
      }
      declareMissing(message.session, device, readings).then(
        () => store(message, device, readings, done),
        (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
      );
    };
    if (readings.every(({ at }) => at !== null) || clock.trusted()) proceed();
    else whenTrusted(proceed);
  };
}
