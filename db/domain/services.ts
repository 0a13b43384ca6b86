import type { LiveWidget } from '../live-state/types.ts';
import type { Fill } from '../metrics/queues.ts';
import type { Actor, Command, Reading, Value } from './types.ts';

/** Commands from request to end. Created by `createCommands` in `db/commands.ts`. */
export interface Commands {
  /** Open commands and pending values are read back; timers start. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /**
   * Checks the value against the widget (INVALID), keeps the command, and hands it over if the device is reachable.
   * Errors: INVALID, QUEUE_FULL (100 already wait for the device), DATABASE_UNAVAILABLE.
   */
  request(widget: LiveWidget, value: Value, actor: Actor, traceId: string): Promise<Command>;
  /** The command once it has ended, or as it is after `milliseconds`. NOT_FOUND when its device is removed meanwhile. */
  settled(command: Command, milliseconds: number): Promise<Command>;
  find(id: number): Promise<Command | null>;
  /** Hands over what waits for a device that has just become reachable, oldest first. */
  flush(devicePk: number): Promise<void>;
  /** Another node has moved these on, or taken them: reads them. */
  follow(ids: readonly number[]): Promise<void>;
  /** The same of all that are open. */
  followAll(): Promise<void>;
  /** The device has been removed, and its commands with it. */
  forgetDevice(devicePk: number): void;
  /** May this device answer this correlation id? (its own command, not older than 24 hours) */
  mayAnswer(devicePk: number, correlationId: string): Promise<boolean>;
  /** Keeps a device's answer; resolves once it is committed. */
  answer(devicePk: number, correlationId: string, result: CommandResult): Promise<AnswerOutcome>;
}

export type CommandResult = { status: 'success'; value?: Value } | { status: 'error'; message: string };
export type AnswerOutcome = 'settled' | 'late' | 'unknown';

/**
 * Outcome of storing one message's readings: all of them, or none with the reason. `INVALID_TIMESTAMP`: there is no
 * place for a reading of that time.
 */
export type StoreOutcome =
  | { ok: true }
  | { ok: false; code: 'CONFLICT' | 'INVALID_TIMESTAMP'; message: string };

/** The readings of one message. */
export interface WriteEntry {
  readonly readings: readonly Reading[];
  stored(outcome: StoreOutcome): void;
}

/**
 * Commits readings in groups. An entry is told once its readings are committed (or refused); within a
 * group in the order of the calls, but two groups may be under way. While the database is away it keeps trying and the
 * entry waits.
 */
export interface ReadingWriter {
  start(): void;
  /** Commits what is queued; gives up after `milliseconds` and leaves the rest unacknowledged. */
  stop(milliseconds: number): Promise<void>;
  write(entry: WriteEntry): void;
  /** Nothing is stored until `release`, as if the database were away; what is under way is finished. */
  hold(): void;
  release(): void;
  /** True while more waits than the bound: publishers must be paused. */
  readonly saturated: boolean;
  /** Readings that wait, and how many may. */
  fill(): Fill;
  /** The text that they carry, in UTF-16 units. */
  textFill(): Fill;
  /** Called each time `saturated` turns false again. */
  onDrain(listener: () => void): void;
}

/** `summarised`: the raw readings of that hour have been dropped, and its summary stays as it is. */
export type ImportOutcome = 'stored' | 'known' | 'conflict' | 'summarised';

export interface Importer {
  /** Stores readings of any age; one outcome for each, in their order. Throws when the database is away. */
  store(readings: readonly Reading[]): Promise<ImportOutcome[]>;
}
