import type { Log } from './domain/ports.ts';

const TELL_AGAIN_MS = 60_000;

/** What the driver says of a server that answers a wish for TLS with "no". */
const NO_TLS = 'before secure TLS connection was established';

/** Tells why a start waits for the database: at once, when the reason is another one, and every minute. */
export function createPatience(log: Log): (error: unknown) => void {
  let told = '';
  let toldAt = 0;
  return (error) => {
    const { message = '' } = error instanceof Error ? error : {};
    if (message === told && performance.now() - toldAt < TELL_AGAIN_MS) return;
    [told, toldAt] = [message, performance.now()];
    if (message.includes(NO_TLS)) {
      log.warn(
        {},
        'the database ended the connection before TLS began: waiting for it. Where it has no TLS, add ?sslmode=disable to DATABASE_URL',
      );
    } else log.warn({ err: error }, 'the database is away, or its disk is full: waiting for it');
  };
}
