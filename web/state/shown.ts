import type { Widget } from '../client/index.ts';
import type { CommandValue, Failure, LocalCommand, OpenPhase } from './model.ts';

/** What a card shows of a widget. */
export interface Shown {
  value: CommandValue | null;
  /** Asked for and not yet confirmed; null: `value` is what the device told. */
  waiting: OpenPhase | null;
  /** How the last command of this app ended, when it ended badly. */
  fault: {
    phase: 'rejected' | 'timed_out' | 'expired' | 'failed';
    asked: CommandValue;
    failure: Failure | null;
  } | null;
}

/**
 * Puts what was asked for over what the device told: no toggle snaps back while its command is under way, and none
 * claims that a device has obeyed before it has.
 */
export function shownOf(widget: Widget, command: LocalCommand | undefined): Shown {
  if (command === undefined) {
    const { pending } = widget;
    if (pending === null) return { value: widget.value, waiting: null, fault: null };
    // Given by another app, or by this one before it was loaded anew.
    const waiting = widget.device.status === 'offline' ? 'queued' : 'sent';
    return { value: pending.value, waiting, fault: null };
  }
  const { phase, value, result, failure } = command;
  switch (phase) {
    case 'sending':
    case 'sent':
    case 'queued':
      return { value, waiting: phase, fault: null };
    case 'executed':
      return { value: result ?? value, waiting: null, fault: null };
    default: {
      const told = shownOf(widget, undefined);
      return { ...told, fault: { phase, asked: value, failure } };
    }
  }
}
