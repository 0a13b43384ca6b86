import type { Node } from '../cluster.ts';

/** Longer than the server takes to say that its database is away. */
const LIMIT_MS = 15_000;

export interface Called {
  /** The status, or why there is none. */
  outcome: string;
  etag: string | null;
  body: unknown;
}

const codeOf = (error: unknown) => {
  const { name, cause } = error as { name?: string; cause?: { code?: string } };
  return name === 'TimeoutError'
    ? 'no answer'
    : cause?.code === 'UND_ERR_CONNECT_TIMEOUT'
      ? 'no answer'
      : 'no connection';
};

/** A REST call that comes back in any case: a node may be dead, hung, or cut off. */
export async function call(
  { server }: Node,
  token: string,
  method: string,
  path: string,
  { body, etag, limitMs = LIMIT_MS }: { body?: unknown; etag?: string; limitMs?: number } = {},
): Promise<Called> {
  try {
    const response = await fetch(`http://${server.host}:${server.ports.http}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...(etag !== undefined && { 'If-None-Match': etag }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(limitMs),
    });
    const text = await response.text();
    const isJson = response.headers.get('Content-Type')?.startsWith('application/json') && text !== '';
    return {
      outcome: String(response.status),
      etag: response.headers.get('ETag'),
      body: isJson ? JSON.parse(text) : text,
    };
  } catch (error) {
    return { outcome: codeOf(error), etag: null, body: null };
  }
}
