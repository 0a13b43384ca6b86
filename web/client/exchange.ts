import { UnreachableError } from './errors.ts';

export interface Exchange {
  fetch: typeof fetch;
  url: string;
  init: { method: string; headers: Headers; body?: string };
  signal: AbortSignal | undefined;
  timeoutMs: number;
  /** Is the body of this answer read by somebody else? The time then runs until its headers only. */
  leaveBody?: (response: Response) => boolean;
}

export interface Exchanged {
  response: Response;
  text: string;
}

/**
 * One request and its answer of any status. UnreachableError when none comes; the caller's own reason when its signal
 * ended it.
 */
export async function exchange({
  fetch,
  url,
  init,
  signal,
  timeoutMs,
  leaveBody,
}: Exchange): Promise<Exchanged> {
  signal?.throwIfAborted();
  const ending = new AbortController();
  const abort = () => ending.abort(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  let timedOut = false;
  const expire = () => {
    timedOut = true;
    ending.abort();
  };
  // A timer takes an endless time for none.
  const timer = Number.isFinite(timeoutMs) ? setTimeout(expire, timeoutMs) : undefined;
  let isLeft = false;
  try {
    const response = await fetch(url, { ...init, signal: ending.signal });
    isLeft = leaveBody?.(response) ?? false;
    return { response, text: isLeft ? '' : await response.text() };
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (timedOut) throw new UnreachableError('timeout', `no answer within ${timeoutMs} ms`, error);
    throw new UnreachableError('network', 'the server cannot be reached', error);
  } finally {
    clearTimeout(timer);
    if (!isLeft) signal?.removeEventListener('abort', abort);
  }
}
