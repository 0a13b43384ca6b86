/** What a browser is told with every answer, whoever writes it. */
export const SECURITY_HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cache-Control': 'no-store',
} as const;

/** Answers that were made with all of them. */
const complete = new WeakSet<Response>();

/** Nothing may be added to it. */
export const isComplete = (response: Response): boolean => complete.has(response);

/**
 * An answer whose plain headers are whole, those above included: to ask it for its `headers` would make of them what
 * costs more than the rest of a poll.
 */
export function completeResponse(body: Uint8Array<ArrayBuffer> | null, init: ResponseInit): Response {
  const response = new Response(body, init);
  complete.add(response);
  return response;
}

/** Adds what the answer does not say itself. Pages that were allowed to call may also read. */
export function secured(response: Response): Response {
  if (isComplete(response)) return response;
  const { headers } = response;
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
    if (!headers.has(name)) headers.set(name, value);
  }
  if (headers.has('Access-Control-Allow-Origin')) headers.delete('Cross-Origin-Resource-Policy');
  return response;
}
