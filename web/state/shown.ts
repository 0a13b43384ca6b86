import type { Widget } from '../client/index.ts';
import type { BadEnd, CommandValue, Failure, LocalCommand, OpenPhase } from './model.ts';

/** What a card shows of a widget. */
export interface Shown {
  value: CommandValue | null;
  /** Asked for and not yet confirmed; null: `value` is what the device told. */
  waiting: OpenPhase | null;
  /** How the last command of this app ended, when it ended badly. */
  fault: { phase: BadEnd; asked: CommandValue; failure: Failure | null } | null;
}

type Phase = LocalCommand['phase'];

export const isOpen = (phase: Phase): phase is OpenPhase =>
  phase === 'sending' || phase === 'sent' || phase === 'queued';

export const endedBadly = (phase: Phase): phase is BadEnd =>
  !isOpen(phase) && phase !== 'executed' && phase !== 'dismissed';

/**
 * What a widget is told to wait for, beside a command that has ended: not that one, which an answer of before may still
 * name, and none of before it, which can only be obeyed after it if the device has mixed them up.
 */
function pendingBeside({ pending }: Widget, endedId: number): Widget['pending'] {
  return pending !== null && pending.command_id <= endedId ? null : pending;
}

/**
 * Puts what was asked for over what the device told: no toggle snaps back while its command is under way, and none
 * claims that a device has obeyed before it has.
 */
export function shownOf(widget: Widget, command: LocalCommand | undefined): Shown {
  if (command === undefined) return toldOf(widget, 0);
  const { phase, value, endedId, obeyed, failure } = command;
  if (isOpen(phase)) return { value, waiting: phase, fault: null };
  const told =
    obeyed === null ? toldOf(widget, endedId) : { value: obeyed.value, waiting: null, fault: null };
  return endedBadly(phase) ? { ...told, fault: { phase, asked: value, failure } } : told;
}

function toldOf(widget: Widget, endedId: number): Shown {
  const pending = pendingBeside(widget, endedId);
  if (pending === null) return { value: widget.value, waiting: null, fault: null };
  // Given by another app, or by this one before it was loaded anew.
  const waiting = widget.device.status === 'offline' ? 'queued' : 'sent';
  return { value: pending.value, waiting, fault: null };
}
