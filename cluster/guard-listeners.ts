import type { RedisConnection } from './redis.ts';

/**
 * mqemitter-redis reads what comes on a channel within an event of its connection, and throws at what it cannot read: whoever
 * can write to Redis could end every node with it.
 */
export function guardListeners(subscriber: RedisConnection, failed: (error: unknown) => void): void {
  for (const event of ['messageBuffer', 'pmessageBuffer']) {
    const listeners = subscriber.listeners(event) as ((...args: unknown[]) => void)[];
    subscriber.removeAllListeners(event);
    for (const listener of listeners) {
      subscriber.on(event, (...args: unknown[]) => {
        try {
          listener(...args);
        } catch (error) {
          failed(error);
        }
      });
    }
  }
}
