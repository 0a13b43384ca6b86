import { type BrokerStore, isPerson, type KeptMessage, type KeptSession } from '../db/domain/broker-store.ts';
import { contentField, decodeQueue, encodeContent, encodeState, stateField } from './codec.ts';
import { ADD_FILTERS, DROP, ENQUEUE, FIELD, IF_KEPT, keysOf, PEOPLE, RELEASE } from './layout.ts';
import type { RedisConnection } from './redis.ts';
import type { Argument, WriteBehind } from './write-behind.ts';

/** Filters that one command may carry: Lua takes no more than some thousand arguments. */
const MAX_FILTERS = 1000;
/** Read at once when all sessions of people are. */
const MAX_READS = 200;
const NO_BOUNDS = { count: Number.MAX_SAFE_INTEGER, bytes: Number.MAX_SAFE_INTEGER };

export interface CommandsDeps {
  redis: RedisConnection;
  behind: WriteBehind;
  nodeId: string;
  expirySeconds: number;
}

export type SessionCommands = Pick<
  BrokerStore,
  | 'readSession'
  | 'readPeople'
  | 'whereIs'
  | 'createSession'
  | 'replaceSession'
  | 'restoreSession'
  | 'holdSession'
  | 'releaseSession'
  | 'renewSessions'
  | 'dropSession'
  | 'addFilters'
  | 'removeFilters'
  | 'enqueue'
  | 'changeMessage'
  | 'removeMessage'
  | 'addReceived'
  | 'removeReceived'
>;

/** Of a session: what is no filter begins with U+0000. */
function splitFields(fields: Record<string, string>): Pick<KeptSession, 'filters' | 'at'> {
  const filters = new Map<string, number>();
  for (const [name, value] of Object.entries(fields)) {
    if (!name.startsWith('\0')) filters.set(name, Number(value));
  }
  return { filters, at: fields[FIELD.at] ?? null };
}

/** Sessions and their queues. */
export function createSessionCommands(deps: CommandsDeps): SessionCommands {
  const { redis, behind, nodeId, expirySeconds } = deps;

  const filterArguments = function* (filters: Iterable<readonly [string, number]>): Generator<Argument[]> {
    let some: Argument[] = [];
    for (const [filter, qos] of filters) {
      some.push(filter, qos);
      if (some.length >= 2 * MAX_FILTERS) {
        yield some;
        some = [];
      }
    }
    if (some.length > 0) yield some;
  };

  const commands: SessionCommands = {
    readSession: async (id) => {
      const keys = keysOf(id);
      const [fields, queue, received] = await Promise.all([
        redis.hgetall(keys.session),
        redis.hgetallBuffer(keys.queue),
        redis.smembers(keys.received),
      ]);
      if (Object.keys(fields).length === 0) return null;
      return {
        ...splitFields(fields),
        queue: decodeQueue(new Map(Object.entries(queue))),
        received: received.map(Number),
      };
    },
    whereIs: (id) => redis.hget(keysOf(id).session, FIELD.at),
    readPeople: async () => {
      const people = new Map<string, Pick<KeptSession, 'filters' | 'at'>>();
      const ids = await redis.smembers(PEOPLE);
      for (let at = 0; at < ids.length; at += MAX_READS) {
        const some = ids.slice(at, at + MAX_READS);
        const found = await Promise.all(some.map((id) => redis.hgetall(keysOf(id).session)));
        for (const [i, fields] of found.entries()) {
          const id = some[i] ?? '';
          if (Object.keys(fields).length > 0) people.set(id, splitFields(fields));
          // It has expired.
          else behind.add(['SREM', PEOPLE, id]);
        }
      }
      return people;
    },
    createSession: (id) => {
      const { session, queue, received } = keysOf(id);
      behind.evaluate(DROP, [session, queue, received], []);
      behind.add(['HSET', session, FIELD.mark, '1', FIELD.at, nodeId]);
      behind.add(['EXPIRE', session, expirySeconds]);
      if (isPerson(id)) behind.add(['SADD', PEOPLE, id]);
    },
    replaceSession: (id, { filters, queue, received }) => {
      commands.createSession(id);
      commands.addFilters(id, filters);
      for (const message of queue) {
        if (message.content !== null) commands.enqueue(id, message, NO_BOUNDS);
        if (message.messageId !== null) commands.changeMessage(id, message);
      }
      for (const messageId of received) commands.addReceived(id, messageId);
    },
    restoreSession: (id, filters) => {
      const { session } = keysOf(id);
      behind.add(['HSETNX', session, FIELD.mark, '1']);
      commands.addFilters(id, filters);
      behind.add(['EXPIRE', session, expirySeconds]);
      behind.add(['SADD', PEOPLE, id]);
    },
    holdSession: (id) => {
      behind.add(['HSET', keysOf(id).session, FIELD.mark, '1', FIELD.at, nodeId]);
      commands.renewSessions([id]);
    },
    releaseSession: (id, queuedBytes) => {
      const { session, queue, received } = keysOf(id);
      behind.evaluate(RELEASE, [session, queue, received], [nodeId, queuedBytes, expirySeconds]);
    },
    renewSessions: (ids) => {
      for (const id of ids) {
        for (const key of Object.values(keysOf(id))) behind.add(['EXPIRE', key, expirySeconds]);
      }
    },
    dropSession: (id, wasAt) => {
      const { session, queue, received } = keysOf(id);
      behind.evaluate(DROP, [session, queue, received], [], (at) => {
        if (typeof at === 'string' && at !== nodeId) wasAt?.(at);
      });
      if (isPerson(id)) behind.add(['SREM', PEOPLE, id]);
    },
    addFilters: (id, filters) => {
      for (const some of filterArguments(filters)) behind.evaluate(ADD_FILTERS, [keysOf(id).session], some);
    },
    removeFilters: (id, filters) => {
      if (filters.length > 0) behind.add(['HDEL', keysOf(id).session, ...filters]);
    },

    enqueue: (id, message, bounds, refused) => {
      const { session, queue } = keysOf(id);
      const content = encodeContent(message);
      const args = [contentField(message), content, bounds.count, bounds.bytes, content.length];
      behind.evaluate(ENQUEUE, [session, queue], args, (reply) => {
        if (reply !== 1) refused?.(reply === 0 ? 'full' : 'gone');
      });
    },
    changeMessage: (id, message: KeptMessage) => {
      const { session, queue } = keysOf(id);
      const field = stateField(message);
      behind.evaluate(IF_KEPT, [session, queue], ['HSET', field, encodeState(message)]);
      if (message.content === null) behind.add(['HDEL', queue, contentField(message)]);
    },
    removeMessage: (id, message) => {
      behind.add(['HDEL', keysOf(id).queue, contentField(message), stateField(message)]);
    },
    addReceived: (id, messageId) => {
      const { session, received } = keysOf(id);
      behind.evaluate(IF_KEPT, [session, received], ['SADD', messageId]);
    },
    removeReceived: (id, messageId) => behind.add(['SREM', keysOf(id).received, messageId]),
  };
  return commands;
}
