import { Cluster, type Redis } from 'ioredis';
import type { RedisConnection } from './redis.ts';

const nameOf = ({ options: { host, port } }: Redis) => `${host}:${port}`;

/**
 * Of a Redis Cluster, ioredis has any server publish what is published, each time another one: messages overtake each other on
 * their ways. Here they go through one server as long as it is there, in their order.
 */
export function orderedPublisher(connection: RedisConnection): RedisConnection {
  if (!(connection instanceof Cluster)) return connection;
  let chosen: Redis | undefined;
  const choose = (): Redis | undefined => {
    const servers = connection.nodes('master');
    if (chosen !== undefined && chosen.status === 'ready' && servers.includes(chosen)) return chosen;
    const usable = servers.filter(({ status }) => status === 'ready' || status === 'wait');
    chosen = usable.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))[0];
    return chosen;
  };
  const publish = (channel: string | Buffer, message: string | Buffer): Promise<number> => {
    const server = choose();
    if (server === undefined) return Promise.reject(new Error('no server of the Redis Cluster is there'));
    return server.publish(channel, message);
  };
  return new Proxy(connection, {
    get: (target, name) => {
      if (name === 'publish') return publish;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
