import { randomFillSync } from 'node:crypto';

/** What a request and all that comes of it are called in the log. */
export interface Trace {
  /** 32 hex digits. */
  traceId: string;
  /** Of what this server does of it, 16 hex digits. */
  spanId: string;
  /** Of the caller, 2 hex digits. */
  flags: string;
}

/** Of an id of each kind. */
const BYTES = 24;
const AT_ONCE = 100;

/** The system is asked for many at a time: for one it would take longer than all else that is done here. */
function createRandom(): () => string {
  const pool = Buffer.alloc(BYTES * AT_ONCE);
  let at = pool.length;
  return () => {
    if (at === pool.length) {
      randomFillSync(pool);
      at = 0;
    }
    at += BYTES;
    return pool.toString('hex', at - BYTES, at);
  };
}
const nextRandom = createRandom();

/** W3C Trace Context, 3.2: version, trace id, id of the caller's span, flags. A later version may have more after them. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?$/;

/** `traceparent`: the header of that name. One that is not valid counts for nothing. */
export function traceOf(traceparent: string | undefined): Trace {
  const random = nextRandom();
  const spanId = random.slice(32);
  const [, version, given, flags = '00', more] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  const valid = given !== undefined && (version !== '00' || more === undefined);
  return valid ? { traceId: given, spanId, flags } : { traceId: random.slice(0, 32), spanId, flags: '00' };
}

/** For the header `traceresponse` (W3C Trace Context, Level 2). */
export const traceresponse = ({ traceId, spanId, flags }: Trace): string =>
  `00-${traceId}-${spanId}-${flags}`;
