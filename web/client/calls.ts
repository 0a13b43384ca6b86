import type { Calls } from './types.ts';

/** `METHOD /path/{param}` */
export type Call = keyof Calls;
export type GetCall = Extract<Call, `GET ${string}`>;
export type Answer<K extends Call> = Calls[K]['answer'];

/** Calls that answer page by page. */
export type PagedCall = {
  [K in GetCall]: Answer<K> extends { next_cursor: string | null } ? K : never;
}[GetCall];

export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** Instead of the client's own, and of what the call may take by itself. */
  timeoutMs?: number | undefined;
}

/** `params`, `query` and `body`, as far as the call has them. */
export type Input<K extends Call> = Omit<Calls[K], 'answer'> & CallOptions;

/** May be left out where nothing of it is required. */
export type Arguments<K extends Call> =
  Partial<Input<K>> extends Input<K> ? [input?: Input<K> | undefined] : [input: Input<K>];

/** Any input, for code that is the same for all calls. */
export interface AnyInput extends CallOptions {
  params?: Record<string, string | number> | undefined;
  query?: Record<string, string | number | boolean | readonly (string | number)[] | undefined> | undefined;
  body?: unknown;
}

/** The default of the server. */
const COMMAND_WAIT_MS = 5000;
/** PAIR_TIMEOUT of the server, unless it was told another. */
const PAIR_WAIT_MS = 30_000;

/** Milliseconds that the server waits for a device before it answers. */
const WAITS: { [K in Call]?: (input: Input<K>) => number } = {
  'POST /api/widgets/{id}/command': ({ query }) => query?.wait ?? COMMAND_WAIT_MS,
  'POST /api/devices/{device_id}/pair': ({ body }) => (body.device_key === undefined ? 0 : PAIR_WAIT_MS),
};

export function waitOf(call: Call, input: AnyInput): number {
  const wait = WAITS[call] as ((input: AnyInput) => number) | undefined;
  return wait?.(input) ?? 0;
}
