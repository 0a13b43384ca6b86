import { type Target, targetOf } from './address.ts';
import {
  type Answer,
  type AnyInput,
  type Arguments,
  type Call,
  type GetCall,
  type PagedCall,
  waitOf,
} from './calls.ts';
import { jsonOf, refusalOf, unexpected } from './errors.ts';
import { type Exchanged, exchange } from './exchange.ts';
import { KnownAnswers } from './known-answers.ts';
import { type CsvCall, TEXTS } from './types.ts';

const JSON_TYPE = 'application/json';
const CSV_TYPE = 'text/csv';
const TIMEOUT_MS = 15_000;
const KNOWN_ANSWERS = 200;

export interface ClientOptions {
  /** `https://host:8443`; '' (unless told) is the origin of the page. */
  baseUrl?: string;
  /** Asked before each call. */
  token?: () => string | null;
  fetch?: typeof fetch;
  /** For one whole answer, 15 s unless told; a call for which the server waits for a device has that time on top. */
  timeoutMs?: number;
}

export interface Polled<T> {
  value: T;
  /** false: `value` is the very object that the last poll of the same gave. */
  changed: boolean;
}

/** All of it rejects with ApiError, UnreachableError, or the reason of the caller's own signal. */
export interface Client {
  call<K extends Call>(call: K, ...input: Arguments<K>): Promise<Answer<K>>;
  /** Asks whether there is anything new; an answer that has not changed costs next to nothing. */
  poll<K extends GetCall>(call: K, ...input: Arguments<K>): Promise<Polled<Answer<K>>>;
  /** CSV of any length: the time-out is for its beginning, `signal` ends it at any time. */
  stream<K extends CsvCall>(call: K, ...input: Arguments<K>): Promise<Response>;
  /** Each page, the first from `query.cursor` on if that is given. */
  pages<K extends PagedCall>(call: K, ...input: Arguments<K>): AsyncGenerator<Answer<K>, void, undefined>;
  /** Forgets what `poll` knows; another token does that too. */
  forget(): void;
}

interface Sending {
  call: Call;
  target: Target;
  input: AnyInput;
  headers: Headers;
  leaveBody?: (response: Response) => boolean;
}

export function createClient(options: ClientOptions = {}): Client {
  const { token: tokenNow = () => null, timeoutMs = TIMEOUT_MS } = options;
  const baseUrl = (options.baseUrl ?? '').replace(/\/+$/, '');
  // Looked up at each call, and called on nothing: that of a browser refuses another `this`.
  const fetchNow: typeof fetch = options.fetch ?? ((...request) => fetch(...request));
  let known = new KnownAnswers(KNOWN_ANSWERS);
  let knownFor: string | null = null;

  /** Answers that are on their way are learnt by what was known then, which nobody asks any more. */
  function forget(): void {
    known = new KnownAnswers(KNOWN_ANSWERS);
  }

  function headersFor(accept: string): Headers {
    const token = tokenNow();
    if (token !== knownFor) forget();
    knownFor = token;
    const headers = new Headers({ Accept: accept });
    if (token !== null) headers.set('Authorization', `Bearer ${token}`);
    return headers;
  }

  function send({ call, target, input, headers, leaveBody }: Sending): Promise<Exchanged> {
    const { method, url } = target;
    const body = input.body === undefined ? null : JSON.stringify(input.body);
    if (body !== null) headers.set('Content-Type', 'application/json');
    return exchange({
      fetch: fetchNow,
      url,
      init: { method, headers, ...(body !== null && { body }) },
      signal: input.signal,
      timeoutMs: input.timeoutMs ?? timeoutMs + waitOf(call, input),
      ...(leaveBody && { leaveBody }),
    });
  }

  async function ask(call: Call, input: AnyInput): Promise<unknown> {
    const target = targetOf(baseUrl, call, input);
    return answerOf(call, await send({ call, target, input, headers: headersFor(typeOf(call)) }));
  }

  async function poll(call: GetCall, input: AnyInput): Promise<Polled<unknown>> {
    const target = targetOf(baseUrl, call, input);
    const headers = headersFor(typeOf(call));
    const knownThen = known;
    const before = knownThen.get(target.url);
    if (before !== undefined) headers.set('If-None-Match', before.etag);
    const exchanged = await send({ call, target, input, headers });
    const { response } = exchanged;
    if (response.status === 304 && before !== undefined) return { value: before.value, changed: false };
    return knownThen.learn(target.url, response.headers.get('ETag'), answerOf(call, exchanged));
  }

  async function stream(call: CsvCall, input: AnyInput): Promise<Response> {
    const target = targetOf(baseUrl, call, input);
    const headers = headersFor(CSV_TYPE);
    const isCsv = (response: Response) => response.ok && hasType(response, CSV_TYPE);
    const exchanged = await send({ call, target, input, headers, leaveBody: isCsv });
    const { response, text } = exchanged;
    if (!response.ok) throw refusalOf(response, text);
    if (!isCsv(response)) throw unexpected(response, `the answer is not ${CSV_TYPE}`, text);
    return response;
  }

  async function* pages(call: PagedCall, input: AnyInput): AsyncGenerator<unknown, void, undefined> {
    let { query } = input;
    for (;;) {
      const page = (await ask(call, { ...input, ...(query && { query }) })) as { next_cursor: string | null };
      yield page;
      if (page.next_cursor === null) return;
      query = { ...query, cursor: page.next_cursor };
    }
  }

  // What the types promise of each call is checked where they are made: from the routes themselves.
  return {
    call: (call, input) => ask(call, input ?? {}),
    poll: (call, input) => poll(call, input ?? {}),
    stream: (call, input) => stream(call, input ?? {}),
    pages: (call, input) => pages(call, input ?? {}),
    forget,
  } as Client;
}

const typeOf = (call: Call): string => (TEXTS as Partial<Record<Call, string>>)[call] ?? JSON_TYPE;

const hasType = (response: Response, type: string) =>
  (response.headers.get('Content-Type') ?? '').toLowerCase().startsWith(type);

/** What a call answers; throws what another status, or an answer of something else than the server, stands for. */
function answerOf(call: Call, { response, text }: Exchanged): unknown {
  if (!response.ok) throw refusalOf(response, text);
  if (response.status === 204) return null;
  const type = typeOf(call);
  const answer = !hasType(response, type) ? undefined : type === JSON_TYPE ? jsonOf(response, text) : text;
  if (answer === undefined) throw unexpected(response, `the answer is not ${type}`, text);
  return answer;
}
