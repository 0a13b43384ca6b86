import type { Widget } from '../client/index.ts';
import { type AppEvent, initialState, type LocalCommand, type Resource, type State } from './model.ts';
import { share } from './share.ts';

const EMPTY: Resource = { value: null, failure: null };

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
      const { value } = state.resources.get(event.key) ?? EMPTY;
      return withResource(state, event.key, { value, failure: event.failure });
    }
    case 'forgotten': {
      if (!state.resources.has(event.key)) return state;
      const resources = new Map(state.resources);
      resources.delete(event.key);
      return { ...state, resources };
    }
    case 'command_given':
      return withCommand(state, event.widgetId, {
        ticket: event.ticket,
        value: event.value,
        phase: 'sending',
        commandId: null,
        result: null,
        failure: null,
        endedAfter: null,
      });
    case 'command_told':
      return commandTold(state, event);
    case 'command_dismissed':
      return withoutCommands(state, (widgetId) => widgetId === event.widgetId);
  }
}

function withResource(state: State, key: string, resource: Resource): State {
  return { ...state, resources: new Map(state.resources).set(key, resource) };
}

function withCommand(state: State, widgetId: number, command: LocalCommand): State {
  return { ...state, commands: new Map(state.commands).set(widgetId, command) };
}

function withoutCommands(state: State, isOver: (widgetId: number, command: LocalCommand) => boolean): State {
  const commands = new Map([...state.commands].filter(([id, command]) => !isOver(id, command)));
  return commands.size === state.commands.size ? state : { ...state, commands };
}

function answered(state: State, { key, value, request }: Extract<AppEvent, { kind: 'answered' }>): State {
  const known = state.resources.get(key) ?? EMPTY;
  const shared = share(known.value, value);
  const next =
    shared === known.value && known.failure === null && state.resources.has(key)
      ? state
      : withResource(state, key, { value: shared, failure: null });
  return settle(next, widgetsIn(shared), request);
}

/** The widgets that an answer tells of: a list of them, a device with its own, or one. */
function widgetsIn(value: unknown): readonly Widget[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('widgets' in value && Array.isArray(value.widgets)) return value.widgets as Widget[];
  return 'widget_id' in value && 'pending' in value ? [value as Widget] : [];
}

/**
 * A command that was executed is forgotten once an answer has come that was asked for after it: from then on the
 * widget's own value tells. An answer that was asked for before would show the state of before.
 */
function settle(state: State, widgets: readonly Widget[], request: number): State {
  if (state.commands.size === 0 || widgets.length === 0) return state;
  const told = new Set(widgets.map(({ widget_id }) => widget_id));
  return withoutCommands(
    state,
    (id, { phase, endedAfter }) =>
      phase === 'executed' && told.has(id) && endedAfter !== null && request > endedAfter,
  );
}

const isOpen = (phase: LocalCommand['phase']) =>
  phase === 'sending' || phase === 'sent' || phase === 'queued';

function commandTold(state: State, event: Extract<AppEvent, { kind: 'command_told' }>): State {
  const { widgetId, ticket, phase, commandId, result, failure, lastRequest } = event;
  const command = state.commands.get(widgetId);
  if (command === undefined || command.ticket !== ticket || !isOpen(command.phase)) return state;
  if (command.phase === phase && command.commandId === commandId) return state;
  return withCommand(state, widgetId, {
    ...command,
    phase,
    commandId,
    result,
    failure,
    endedAfter: isOpen(phase) ? null : lastRequest,
  });
}
