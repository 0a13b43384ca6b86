/**
 * Keys in Redis. All of one session lie on one server of a Redis Cluster, by the part in braces; it is written as in a URL, so
 * that no client id can break out of them.
 */
export function keysOf(clientId: string): { session: string; queue: string; received: string } {
  const base = `{${encodeURIComponent(clientId)}}`;
  return { session: `${base}:s`, queue: `${base}:q`, received: `${base}:r` };
}

/** Client ids of people whose sessions are kept. */
export const PEOPLE = 'people';
/** By topic. */
export const RETAINED = 'retained';
/** By client id. */
export const WILLS = 'wills';
/** Random: another one tells that Redis has lost what it had. */
export const EPOCH = 'epoch';

/** Fields of a session beside its filters, none of which contains U+0000 [MQTT-1.5.3-2]. */
export const FIELD = {
  /** It exists, also without a filter. */
  mark: '\0',
  /** Node at which its client is. */
  at: '\0at',
  /** Of its queue, roughly; correct when its client has left. */
  bytes: '\0bytes',
} as const;

/** KEYS: session, queue. ARGV: field, value, most messages, most bytes, bytes. -1: no such session; 0: full; 1: it is there. */
export const ENQUEUE = `
if redis.call('EXISTS', KEYS[1]) == 0 then return -1 end
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1 then return 1 end
if redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[3]) then return 0 end
local bytes = tonumber(redis.call('HGET', KEYS[1], '\\0bytes') or '0') + tonumber(ARGV[5])
if bytes > tonumber(ARGV[4]) then return 0 end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('HSET', KEYS[1], '\\0bytes', bytes)
local left = redis.call('PTTL', KEYS[1])
if left > 0 then redis.call('PEXPIRE', KEYS[2], left) end
return 1`;

/** KEYS: session, queue or received. ARGV: command and its arguments behind the key. Only while there is such a session. */
export const IF_KEPT = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call(ARGV[1], KEYS[2], unpack(ARGV, 2))
local left = redis.call('PTTL', KEYS[1])
if left > 0 then redis.call('PEXPIRE', KEYS[2], left) end
return 1`;

/** KEYS: session, queue, received. Answers the node at which its client was. */
export const DROP = `
local at = redis.call('HGET', KEYS[1], '\\0at')
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
return at`;

/** KEYS: session. ARGV: filters with their QoS, by turns. Only while there is such a session. */
export const ADD_FILTERS = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV))
return 1`;

/** KEYS: session, queue, received. ARGV: node, bytes of the queue, seconds. */
export const RELEASE = `
if redis.call('HGET', KEYS[1], '\\0at') ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], '\\0at')
redis.call('HSET', KEYS[1], '\\0bytes', ARGV[2])
for i = 1, 3 do redis.call('EXPIRE', KEYS[i], ARGV[3]) end
return 1`;

/** KEYS: retained. ARGV: topic, stamp, value (empty: it is gone). The newer one holds. */
export const RETAIN = `
local known = redis.call('HGET', KEYS[1], ARGV[1])
local stamp = known and tonumber(string.match(known, '^%[(%d+)') or '0')
if stamp and stamp > tonumber(ARGV[2]) then return 0 end
if ARGV[3] == '' then redis.call('HDEL', KEYS[1], ARGV[1]) else redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
return 1`;

/** KEYS: wills. ARGV: client id, the will as it was read. 1 for one caller. */
export const TAKE_WILL = `
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])`;

/** KEYS: wills. ARGV: client id, node. Only one of that node. */
export const REMOVE_OWN_WILL = `
local will = redis.call('HGET', KEYS[1], ARGV[1])
local start = '["' .. ARGV[2] .. '"'
if will and string.sub(will, 1, #start) == start then return redis.call('HDEL', KEYS[1], ARGV[1]) end
return 0`;
