import type { Log } from '../db/domain/ports.ts';
import type { IntakeGate } from './gate.ts';
import type { Done, Handler, Message } from './message.ts';
import { Refusal } from './refusal.ts';
import type { UplinkKind } from './topics.ts';

export interface DispatchDeps {
  handlers: Record<UplinkKind, Handler>;
  refuse: (message: Message, refusal: Refusal) => void;
  gate: IntakeGate;
  log: Log;
}

export type Outcome = 'accepted' | 'refused' | 'failed';

export interface Dispatch {
  /** Calls back once: accepted (stored), refused (to be acknowledged too), or failed (the connection must end). */
  dispatch(message: Message, done: (outcome: Outcome) => void): void;
  /** Resolves once nothing is under way, or after `milliseconds`. */
  idle(milliseconds: number): Promise<void>;
}

/** Routes each message to the handler of its kind. */
export function createDispatch({ handlers, refuse, gate, log }: DispatchDeps): Dispatch {
  let running = 0;
  let wake: (() => void) | null = null;

  const dispatch: Dispatch['dispatch'] = (message, done) => {
    const bytes = message.payload.length;
    let finished = false;
    running++;
    gate.hold(bytes);
    const finish: Done = (error) => {
      if (finished) return;
      finished = true;
      running--;
      gate.release(bytes);
      if (error === null) done('accepted');
      else if (error instanceof Refusal) {
        refuse(message, error);
        done('refused');
      } else {
        log.error({ err: error, client: message.session.name, topic: message.topic }, 'message failed');
        done('failed');
      }
      if (running === 0) wake?.();
    };
    try {
      handlers[message.uplink.kind](message, finish);
    } catch (error) {
      finish(error instanceof Error ? error : new Error(String(error)));
    }
  };

  return {
    dispatch,
    idle: (milliseconds) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
        if (running === 0) wake();
      }),
  };
}
