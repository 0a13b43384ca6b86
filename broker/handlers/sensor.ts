import type { Clock } from '../../db/domain/clock.ts';
import { CLOCK_TOLERANCE_MS } from '../../db/domain/clock.ts';
import { DomainError } from '../../db/domain/errors.ts';
import type { ReadingWriter, StoreOutcome, WriteEntry } from '../../db/domain/services.ts';
import { formatMicros } from '../../db/domain/time.ts';
import type { Capability, Micros, Reading, Widget } from '../../db/domain/types.ts';
import {
  capabilityKey,
  type LiveDevice,
  type LiveState,
  type LiveWidget,
} from '../../db/live-state/types.ts';
import type { DupMemory } from '../dup-memory.ts';
import { deviceOf, type Handler, type Message } from '../message.ts';
import { parseFields } from '../messages/json.ts';
import { parseReadings, type SentReading } from '../messages/reading.ts';
import { untilStored } from '../patience.ts';
import { Refusal } from '../refusal.ts';
import type { Session } from '../sessions.ts';
import { type KnownReading, knownReading } from './known-reading.ts';

export interface SensorDeps {
  live: LiveState;
  writer: Pick<ReadingWriter, 'write'>;
  clock: Clock;
  /** Microseconds: raw readings from before this are not kept. */
  rawFrom: () => Micros;
  dups: DupMemory;
  declare(devicePk: number, capability: Capability): Promise<Widget>;
  /** Calls back once the machine's clock can be believed. */
  whenTrusted(task: () => void): void;
  /** Resolves once other nodes know what was declared here; null: there is none. */
  told: (() => Promise<void>) | null;
}

const REASONS = { CONFLICT: 'conflict', INVALID_TIMESTAMP: 'wrong_time' } as const;

/** Readings of a message on their way to the database. */
class Unstored implements WriteEntry {
  readonly readings: readonly Reading[];
  readonly #message: Message;

  constructor(message: Message, readings: readonly Reading[]) {
    this.readings = readings;
    this.#message = message;
  }

  stored(outcome: StoreOutcome): void {
    this.#message.done(outcome.ok ? null : new Refusal(REASONS[outcome.code], outcome.message));
  }
}

/** Readings, batches and heartbeats: acknowledged once they are stored. */
export function createSensorHandler(deps: SensorDeps): Handler {
  const { live, writer, clock, rawFrom, dups, declare, whenTrusted, told } = deps;
  /** Declarations under way, so that a burst of first readings declares once. */
  const declaring = new Map<string, Promise<void>>();

  const checkTime = (at: Micros | null) => {
    if (at === null || !clock.trusted()) return;
    if (at > (clock.now() + CLOCK_TOLERANCE_MS) * 1000) {
      throw new Refusal('wrong_time', 'timestamp is more than 5 minutes ahead');
    }
    const earliest = rawFrom();
    if (at < earliest) {
      const since = formatMicros(earliest);
      throw new Refusal('wrong_time', `timestamp is older than raw readings are kept: since ${since}`);
    }
  };

  /**
   * Nothing is refused by a clock that is wrong; but what has no time, or one that a device can only have from a wrong clock of
   * its own, is not stored by it either.
   */
  const needsClock = (at: Micros | null) => (at === null || at < rawFrom()) && !clock.trusted();

  const widgetOf = (
    device: LiveDevice,
    { capabilityType, controlType }: SentReading,
  ): LiveWidget | undefined => device.byCapability.get(capabilityKey(capabilityType, controlType));

  const declareOne = async (session: Session, device: LiveDevice, reading: SentReading) => {
    const { capabilityType, controlType, unit } = reading;
    const capability = { capabilityType, controlType, unit, min: null, max: null, options: null };
    const widget = await untilStored(session, () => declare(device.pk, capability));
    if (live.deviceByPk(device.pk) === device) live.putWidget(widget);
    await told?.();
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

  const write = (message: Message, readings: readonly Reading[]) => {
    message.forgetPayload();
    writer.write(new Unstored(message, readings));
  };

  /** Of the first of `count` readings without a time; the others come a microsecond later each. */
  const arrivalOf = (
    { session, packetId, dup, payload }: Message,
    device: LiveDevice,
    count: number,
  ): Micros => {
    const arrival = () => clock.arrival(count);
    if (packetId === undefined) return arrival();
    session.recent ??= dups.of(device);
    return session.recent.time(packetId, dup, payload, arrival);
  };

  const store = (message: Message, device: LiveDevice, sent: readonly SentReading[]) => {
    const untimed = sent.filter(({ at }) => at === null).length;
    let arrival = untimed === 0 ? 0 : arrivalOf(message, device, untimed);
    const readings: Reading[] = [];
    for (const reading of sent) {
      const widget = widgetOf(device, reading);
      if (widget === undefined) return message.done(new Refusal('not_allowed', 'the device was removed'));
      readings.push({
        widgetId: widget.id,
        at: reading.at ?? arrival++,
        seq: reading.seq,
        value: reading.value,
      });
    }
    write(message, readings);
  };

  const storeKnown = (message: Message, device: LiveDevice, { widget, value, at, seq }: KnownReading) => {
    write(message, [{ widgetId: widget.id, at: at ?? arrivalOf(message, device, 1), seq, value }]);
  };

  const proceed = (message: Message, device: LiveDevice, readings: readonly SentReading[]) => {
    if (readings.every((reading) => widgetOf(device, reading) !== undefined)) {
      store(message, device, readings);
      return;
    }
    declareMissing(message.session, device, readings).then(
      () => store(message, device, readings),
      (error: unknown) => message.done(error instanceof Error ? error : new Error(String(error))),
    );
  };

  const proceedLate = (message: Message, device: LiveDevice, readings: readonly SentReading[]) => {
    try {
      for (const { at } of readings) checkTime(at);
      proceed(message, device, readings);
    } catch (error) {
      message.done(error instanceof Error ? error : new Error(String(error)));
    }
  };

  return (message) => {
    const device = deviceOf(message);
    live.beat(device);
    const fields = parseFields(message.payload);
    const known = knownReading(device, fields);
    if (known !== null && !needsClock(known.at)) {
      checkTime(known.at);
      storeKnown(message, device, known);
      return;
    }
    const sent = parseReadings(fields);
    for (const { at } of sent) checkTime(at);
    const readings = sent.filter(({ controlType }) => controlType !== 'heartbeat');
    if (readings.length === 0) {
      message.flow = 'heartbeat';
      message.done(null);
    } else if (!readings.some(({ at }) => needsClock(at))) proceed(message, device, readings);
    else whenTrusted(() => proceedLate(message, device, readings));
  };
}
