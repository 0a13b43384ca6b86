import { createCoarse } from '../db/domain/coarse.ts';
import type { FlowMeter, FlowName, Log } from '../db/domain/ports.ts';
import type { IntakeGate } from './gate.ts';
import type { Handler, Message } from './message.ts';
import { Refusal } from './refusal.ts';
import type { UplinkKind } from './topics.ts';

export interface DispatchDeps {
  handlers: Record<UplinkKind, Handler>;
  refuse: (message: Message, refusal: Refusal) => void;
  gate: IntakeGate;
  flows: FlowMeter;
  log: Log;
}

export interface Dispatch {
  /** Tells the message once what became of it. */
  dispatch(message: Message): void;
  /** Resolves once nothing is under way, or after `milliseconds`. */
  idle(milliseconds: number): Promise<void>;
}

const FLOW_OF: Record<UplinkKind, FlowName | null> = {
  register: 'device_registration',
  sensor: 'sensor_data',
  heartbeat: 'heartbeat',
  command_response: null,
  pair_response: null,
};

/** Routes each message to the handler of its kind, and measures how long it took until it may be acknowledged. */
export function createDispatch({ handlers, refuse, gate, flows, log }: DispatchDeps): Dispatch {
  const at = createCoarse(() => performance.now());
  let running = 0;
  let wake: (() => void) | null = null;

  const measure = ({ flow, arrivedAt }: Message, error: Error | null) => {
    const took = at() - arrivedAt;
    const ok = error === null || error instanceof Refusal;
    const reason = error === null ? undefined : error instanceof Refusal ? error.reason : 'internal';
    flows.record('mqtt_messages', took, ok, reason);
    if (flow !== null) flows.record(flow, took, ok, reason);
  };

  const finish = (message: Message, error: Error | null) => {
    running--;
    gate.release(message.bytes);
    measure(message, error);
    if (error === null) message.settled('accepted');
    else if (error instanceof Refusal) {
      refuse(message, error);
      message.settled('refused');
    } else {
      log.error({ err: error, client: message.session.name, topic: message.topic }, 'message failed');
      message.settled('failed');
    }
    if (running === 0) wake?.();
  };

  const dispatch: Dispatch['dispatch'] = (message) => {
    running++;
    message.arrivedAt = at();
    message.flow = FLOW_OF[message.uplink.kind];
    gate.hold(message.bytes);
    message.onDone(finish);
    try {
      handlers[message.uplink.kind](message);
    } catch (error) {
      message.done(error instanceof Error ? error : new Error(String(error)));
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
