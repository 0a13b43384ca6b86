import type { Calls, Client } from '../client/index.ts';
import { failureOf, isUnauthorized, isUnreachable } from './failure.ts';
import type { AppEvent, CommandValue, EndPhase, Failure, OpenPhase, State } from './model.ts';
import type { Poller } from './poller.ts';
import type { Store } from './store.ts';

/** How long the server may hold its answer back for the device's. */
const WAIT_MS = 5000;
/** A command that the server has lost sight of is not asked after for ever. */
const MOST_FOLLOWED = 50;

type Command = Calls['GET /api/commands/{id}']['answer']['command'];

export interface Commander {
  /** Shows at once what was asked for, and tells what comes of it. */
  give(widgetId: number, value: CommandValue): void;
  /** Forgets how the last command to a widget ended. */
  dismiss(widgetId: number): void;
  /** Asks what came of those that were still under way. */
  follow(signal: AbortSignal): Promise<void>;
}

export interface CommanderDeps {
  client: Client;
  store: Store<State, AppEvent>;
  poller: Pick<Poller, 'hurry' | 'lastRequest'>;
}

interface Given {
  ticket: number;
  value: CommandValue;
}

/** What one session has asked for. */
interface Queue {
  token: string | null;
  /** Widgets with a request under way, and what is to be asked of them after it: only the last of it matters. */
  busy: Map<number, Given | null>;
}

const EMPTY: Failure = { code: 'DEVICE', text: '', status: 0 };

export function createCommander({ client, store, poller }: CommanderDeps): Commander {
  let tickets = 0;
  let queue: Queue = { token: null, busy: new Map() };

  /** Of whoever is logged in now: what somebody else has left waiting is never sent in another one's name. */
  function queueNow(): Queue {
    const token = store.get().session?.token ?? null;
    if (token !== queue.token) queue = { token, busy: new Map() };
    return queue;
  }

  function tell(
    widgetId: number,
    ticket: number,
    phase: OpenPhase | EndPhase,
    more: { commandId?: number; obeyed?: CommandValue | null; failure?: Failure | null } = {},
  ): void {
    const { commandId = null, obeyed = null, failure = null } = more;
    const lastRequest = poller.lastRequest();
    store.dispatch({
      kind: 'command_told',
      widgetId,
      ticket,
      phase,
      commandId,
      obeyed,
      failure,
      lastRequest,
    });
  }

  function tellCommand(widgetId: number, ticket: number, command: Command): void {
    const { id: commandId, status, error } = command;
    const failure = error === null ? null : { ...EMPTY, text: error };
    const obeyed = status === 'executed' ? (command.result_value ?? command.value) : null;
    tell(widgetId, ticket, status, { commandId, obeyed, failure });
  }

  async function send(mine: Queue, widgetId: number, { ticket, value }: Given): Promise<void> {
    try {
      const { command } = await client.call('POST /api/widgets/{id}/command', {
        params: { id: widgetId },
        query: { wait: WAIT_MS },
        body: { value },
      });
      tellCommand(widgetId, ticket, command);
    } catch (error) {
      const failure = failureOf(error);
      if (failure === null) throw error;
      if (mine !== queueNow()) return;
      // Whether it arrived before the line was cut nobody knows here: the widget's own `pending` will tell.
      if (isUnauthorized(error)) store.dispatch({ kind: 'logged_out', why: 'ended' });
      else tell(widgetId, ticket, 'failed', { failure });
    }
    // What it has brought about is asked for at once, and often for a while.
    poller.hurry();
  }

  async function work(mine: Queue, widgetId: number, given: Given): Promise<void> {
    mine.busy.set(widgetId, null);
    try {
      await send(mine, widgetId, given);
    } finally {
      const next = mine.busy.get(widgetId) ?? null;
      mine.busy.delete(widgetId);
      if (next !== null && mine === queueNow()) void work(mine, widgetId, next);
    }
  }

  return {
    give: (widgetId, value) => {
      tickets += 1;
      const given = { ticket: tickets, value };
      store.dispatch({ kind: 'command_given', widgetId, ...given });
      const mine = queueNow();
      if (mine.busy.has(widgetId)) mine.busy.set(widgetId, given);
      else void work(mine, widgetId, given);
    },
    dismiss: (widgetId) => store.dispatch({ kind: 'command_dismissed', widgetId }),
    follow: async (signal) => {
      const open = [...store.get().commands].filter(
        ([, { phase, commandId }]) => (phase === 'sent' || phase === 'queued') && commandId !== null,
      );
      for (const [widgetId, { ticket, commandId }] of open.slice(0, MOST_FOLLOWED)) {
        if (commandId === null) continue;
        try {
          const params = { id: commandId };
          const { command } = await client.call('GET /api/commands/{id}', { params, signal });
          tellCommand(widgetId, ticket, command);
        } catch (error) {
          if (signal.aborted) return;
          const failure = failureOf(error);
          if (failure === null) throw error;
          if (isUnreachable(error)) return;
          // Its widget is gone, or was taken from this person.
          if (failure.status === 404) tell(widgetId, ticket, 'failed', { commandId, failure });
        }
      }
    },
  };
}
