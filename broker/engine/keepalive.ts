import type { EngineClient } from './types.ts';

/** Of the error that ends a client. */
export const SILENT = 'keep alive timeout';

/**
 * In place of the time-out of Aedes: what is not read cannot be a sign of life, and a client that is made to wait is not to
 * blame for its silence.
 */
export function watchKeepalive(client: EngineClient, isMadeToWait: () => boolean): void {
  if (client._keepaliveTimer === null) return;
  clearTimeout(client._keepaliveTimer);
  const expire = () => {
    if (isMadeToWait()) client._keepaliveTimer?.refresh();
    else client.emit('error', new Error(SILENT));
  };
  client._keepaliveTimer = setTimeout(expire, client._keepaliveInterval);
}
