import type { Widget } from '../client/index.ts';
import { type AppEvent, initialState, type LocalCommand, type Resource, type State } from './model.ts';
import { share } from './share.ts';
import { endedBadly, isOpen } from './shown.ts';
import { widgetsIn, withAnswer } from './told-widgets.ts';

const EMPTY: Resource = { value: null, failure: null, request: 0 };

/** The next state; the same one when nothing has changed. */
export function reduce(state: State, event: AppEvent): State {
  switch (event.kind) {
    case 'logged_in':
      // Of whoever was here before nothing is left.
      return { ...initialState(event.session), link: state.link };
    case 'logged_out':
      return { ...initialState(null), link: state.link, ended: event.why };
    case 'user_changed':
      return state.session === null
        ? state
        : { ...state, session: { ...state.session, user: share(state.session.user, event.user) } };
    case 'heard':
      return { ...state, link: { phase: 'up', heardAt: event.at, failures: 0 } };
    case 'unreachable':
      return {
        ...state,
        link: { ...state.link, phase: 'away', failures: state.link.failures + 1 },
      };
    case 'answered':
      return answered(state, event);
    case 'refused': {
      const known = state.resources.get(event.key) ?? EMPTY;
      const resources = new Map(state.resources).set(event.key, { ...known, failure: event.failure });
      return { ...state, resources };
    }
    case 'forgotten': {
      if (!state.resources.has(event.key)) return state;
      const resources = new Map(state.resources);
      resources.delete(event.key);
      return { ...state, resources };
    }
    case 'command_given': {
      const before = state.commands.get(event.widgetId);
      return withCommand(state, event.widgetId, {
        ticket: event.ticket,
        value: event.value,
        phase: 'sending',
        commandId: null,
        obeyed: before?.obeyed ?? null,
        endedId: before?.endedId ?? 0,
        failure: null,
        endedAfter: null,
      });
    }
    case 'command_told':
      return commandTold(state, event);
    case 'command_dismissed': {
      const command = state.commands.get(event.widgetId);
      return command === undefined || !endedBadly(command.phase)
        ? state
        : withCommand(state, event.widgetId, { ...command, phase: 'dismissed', failure: null });
    }
  }
}

function withCommand(state: State, widgetId: number, command: LocalCommand): State {
  return { ...state, commands: new Map(state.commands).set(widgetId, command) };
}

function answered(state: State, { key, value, request }: Extract<AppEvent, { kind: 'answered' }>): State {
  const known = state.resources.get(key) ?? EMPTY;
  const shared = share(known.value, value);
  const resources = withAnswer(state.resources, key, { value: shared, failure: null, request });
  return settle({ ...state, resources }, widgetsIn(shared), request);
}

/**
 * From an answer on that was asked for after the end of a command the widget's own value tells, and the command is
 * forgotten, unless a person has still to read how it ended. An answer that was asked for before would show the state
 * of before.
 */
function settle(state: State, widgets: readonly Widget[], request: number): State {
  if (state.commands.size === 0) return state;
  const commands = new Map(state.commands);
  for (const widget of widgets) {
    const command = commands.get(widget.widget_id);
    if (command === undefined) continue;
    const settled = settledBy(command, widget, request);
    if (settled === null) commands.delete(widget.widget_id);
    else commands.set(widget.widget_id, settled);
  }
  const same = [...state.commands].every(([id, command]) => commands.get(id) === command);
  return same ? state : { ...state, commands };
}

function settledBy(command: LocalCommand, widget: Widget, request: number): LocalCommand | null {
  const { phase, obeyed, endedAfter } = command;
  const over = phase === 'executed' || phase === 'dismissed';
  // While others wait it has to be known which of them are of before it.
  if (over && endedAfter !== null && request > endedAfter && widget.pending === null) return null;
  return obeyed !== null && request > obeyed.after ? { ...command, obeyed: null } : command;
}

function commandTold(state: State, event: Extract<AppEvent, { kind: 'command_told' }>): State {
  const { widgetId, ticket, phase, commandId, failure, lastRequest } = event;
  const command = state.commands.get(widgetId);
  if (command === undefined) return state;
  const known = learn(command, event);
  if (command.ticket !== ticket || !isOpen(command.phase)) {
    // The end of an earlier one says nothing of this one, but what the device is like now.
    return known === command ? state : withCommand(state, widgetId, known);
  }
  if (command.phase === phase && command.commandId === commandId) return state;
  const endedAfter = isOpen(phase) ? null : lastRequest;
  return withCommand(state, widgetId, { ...known, phase, commandId, failure, endedAfter });
}

/** What is known of a widget's device once a command has come to its end, be it another one than the last. */
function learn(command: LocalCommand, event: Extract<AppEvent, { kind: 'command_told' }>): LocalCommand {
  const { ticket, phase, commandId, obeyed: value, lastRequest } = event;
  if (isOpen(phase)) return command;
  const obeyedBefore = command.phase === 'executed' ? command.ticket : (command.obeyed?.ticket ?? 0);
  const isNews = value !== null && ticket > obeyedBefore;
  const obeyed = isNews ? { ticket, value, after: lastRequest } : command.obeyed;
  const endedId = Math.max(command.endedId, commandId ?? 0);
  return obeyed === command.obeyed && endedId === command.endedId ? command : { ...command, obeyed, endedId };
}
