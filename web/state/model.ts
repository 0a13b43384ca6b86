import type { User } from '../client/index.ts';

export interface Session {
  token: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
  user: User;
}

/** Why somebody who was logged in is no more. */
export type EndOfSession = 'logged_out' | 'ended';

/** What went wrong, for a person: a code that languages have words for, and the server's own words. */
export interface Failure {
  /** Of the server, or `UNREACHABLE`. */
  code: string;
  text: string;
  /** Of HTTP; 0 when there was no answer. */
  status: number;
}

/** Is the server there? Times are milliseconds since 1970. */
export interface Link {
  phase: 'connecting' | 'up' | 'away';
  /** Of the last answer. */
  heardAt: number | null;
  /** Rounds in a row without an answer. */
  failures: number;
}

/** What the server last told under a key, and what went wrong since. */
export interface Resource {
  value: unknown;
  failure: Failure | null;
  /** The number of the request that it was told to; 0: never. */
  request: number;
}

export type OpenPhase = 'sending' | 'sent' | 'queued';
export type BadEnd = 'rejected' | 'timed_out' | 'expired' | 'failed';
export type EndPhase = 'executed' | BadEnd;
export type CommandValue = string | number | boolean;

/** What a device obeyed last, until an answer has come that was asked for after it. */
export interface Obeyed {
  ticket: number;
  value: CommandValue;
  /** The number of the last request that had begun by then. */
  after: number;
}

/** The last command of this app to a widget, from the finger to what came of it. */
export interface LocalCommand {
  /** Grows with each command of this app: of a later one, an earlier one's end is not told. */
  ticket: number;
  value: CommandValue;
  /** `dismissed`: it ended badly, and a person has read so. */
  phase: OpenPhase | EndPhase | 'dismissed';
  /** Of the server; null before it has answered. */
  commandId: number | null;
  /** By this command or an earlier one: it may be known before any answer tells of it. */
  obeyed: Obeyed | null;
  /** The youngest command of the server to this widget that is known to have ended; 0: none. */
  endedId: number;
  /** Of those that ended badly. */
  failure: Failure | null;
  /** The number of the last request that had begun when this came to its end. */
  endedAfter: number | null;
}

export interface State {
  session: Session | null;
  ended: EndOfSession | null;
  link: Link;
  resources: ReadonlyMap<string, Resource>;
  /** By widget id. */
  commands: ReadonlyMap<number, LocalCommand>;
}

export const initialState = (session: Session | null): State => ({
  session,
  ended: null,
  link: { phase: 'connecting', heardAt: null, failures: 0 },
  resources: new Map(),
  commands: new Map(),
});

export type AppEvent =
  | { kind: 'logged_in'; session: Session }
  | { kind: 'logged_out'; why: EndOfSession }
  | { kind: 'user_changed'; user: User }
  | { kind: 'heard'; at: number }
  | { kind: 'unreachable' }
  /** `request` is the number that its request had. */
  | { kind: 'answered'; key: string; value: unknown; request: number }
  | { kind: 'refused'; key: string; failure: Failure }
  | { kind: 'forgotten'; key: string }
  | { kind: 'command_given'; widgetId: number; ticket: number; value: CommandValue }
  | {
      kind: 'command_told';
      widgetId: number;
      ticket: number;
      phase: OpenPhase | EndPhase;
      commandId: number | null;
      /** What the device obeyed; null unless it is executed. */
      obeyed: CommandValue | null;
      failure: Failure | null;
      /** The number of the last request that has begun. */
      lastRequest: number;
    }
  | { kind: 'command_dismissed'; widgetId: number };
