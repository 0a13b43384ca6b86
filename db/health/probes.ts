import { setTimeout as sleep } from 'node:timers/promises';
import { FLOWS, type FlowFault, type FlowName, type Log } from '../domain/ports.ts';
import { atMost } from '../domain/within.ts';
import { faultOf } from './fault.ts';

/** Tries a flow out. Throws when it does not work. */
export type Probe = () => Promise<unknown>;

/** However often health is asked for, a probe that went well is not run again within this, nor one that failed within that. */
const GOOD_FOR_MS = 30_000;
const BAD_FOR_MS = 5000;
/** Of one probe. */
const LIMIT_MS = 2000;
/** Of whoever asks: what is not known by then is told as it was known before. */
const PATIENCE_MS = 4000;

export interface ProbeResult {
  at: Date;
  /** Time that it took. */
  latencyMs: number;
  /** null: it went well. */
  fault: FlowFault | null;
  lastSuccess: Date | null;
}

export interface FlowProbes {
  /** Runs the probes of these flows that are due, one after the other. Never throws, and takes some seconds at most. */
  refresh(flows: readonly FlowName[]): Promise<void>;
  /** How the last one went; null: there was none. */
  last(flow: FlowName): ProbeResult | null;
}

export interface FlowProbesDeps {
  probes: Record<FlowName, Probe>;
  log: Log;
  now: () => number;
  monotonic: () => number;
}

interface State {
  result: ProbeResult | null;
  /** By the monotonic clock. */
  dueAt: number;
  waiting: Promise<void> | null;
  /** The probe itself, which may hang for longer than it is waited for. */
  hangs: boolean;
}

const LATE = Symbol('late');

/** Tries flows out that nobody uses, seldom and one at a time: the machine may be small, and anybody may ask. */
export function createFlowProbes({ probes, log, now, monotonic }: FlowProbesDeps): FlowProbes {
  const states = new Map<FlowName, State>(
    FLOWS.map((name) => [
      name,
      { result: null, dueAt: Number.NEGATIVE_INFINITY, waiting: null, hangs: false },
    ]),
  );
  let turn: Promise<unknown> = Promise.resolve();

  const attempt = async (flow: FlowName, state: State): Promise<FlowFault | null> => {
    // The one before has not come back: another would only wait beside it.
    if (state.hangs) return 'timed_out';
    state.hangs = true;
    const ended = probes[flow]().then(
      () => null,
      (error: unknown) => {
        const fault = faultOf(error);
        const isNews = state.result?.fault !== fault;
        log[isNews ? 'warn' : 'debug']({ err: error, flow, reason: fault }, 'a flow was tried and fails');
        return fault;
      },
    );
    void ended.then(() => {
      state.hangs = false;
    });
    const fault = await atMost(LIMIT_MS, ended, LATE);
    if (fault !== LATE) return fault;
    if (state.result?.fault !== 'timed_out')
      log.warn({ flow, limit_ms: LIMIT_MS }, 'a flow was tried and does not end');
    return 'timed_out';
  };

  const run = async (flow: FlowName, state: State): Promise<void> => {
    const started = monotonic();
    const fault = await attempt(flow, state);
    const ended = monotonic();
    const at = new Date(now());
    const before = state.result;
    if (fault === null && before !== null && before.fault !== null)
      log.info({ flow }, 'the flow works again');
    const lastSuccess = fault === null ? at : (before?.lastSuccess ?? null);
    state.result = { at, latencyMs: ended - started, fault, lastSuccess };
    state.dueAt = ended + (fault === null ? GOOD_FOR_MS : BAD_FOR_MS);
    state.waiting = null;
  };

  const inTurn = (flow: FlowName, state: State): Promise<void> => {
    const mine = turn.then(() => run(flow, state));
    turn = mine;
    return mine;
  };

  return {
    refresh: async (flows) => {
      const asked: Promise<void>[] = [];
      for (const flow of flows) {
        const state = states.get(flow);
        if (state === undefined || (state.waiting === null && monotonic() < state.dueAt)) continue;
        state.waiting ??= inTurn(flow, state);
        asked.push(state.waiting);
      }
      if (asked.length === 0) return;
      const impatience = new AbortController();
      const timeUp = sleep(PATIENCE_MS, undefined, { signal: impatience.signal, ref: false }).catch(() => {});
      await Promise.race([Promise.all(asked), timeUp]);
      impatience.abort();
    },
    last: (flow) => states.get(flow)?.result ?? null,
  };
}
