import { parseRedisUrl, REDIS_FORMS, type RedisTarget } from '../../db/domain/redis-target.ts';
import * as form from '../forms.ts';
import { optional, variable } from '../variable.ts';

const redis: form.Form<RedisTarget> = {
  allowed: REDIS_FORMS,
  shown: '`redis://…`',
  parse: parseRedisUrl,
};

export const nodes = {
  REDIS_URL: optional(redis, {
    about: 'a Redis that several nodes share, with `DATABASE_URL` ([below](#several-nodes))',
    secret: true,
  }),
  NODE_NAME: optional(
    form.text(/^\S{1,64}$/u, 'a name of 1 to 64 characters without spaces', '1 to 64 characters, no spaces'),
    { absent: 'the name of the machine', about: 'of this node, for people' },
  ),
  WORKERS: variable(form.count(1, 64), {
    fallback: '1',
    about:
      'processes of this machine, each a node on the same ports; more than one needs `DATABASE_URL` and `REDIS_URL`',
  }),
  DRAIN_TIME: variable(form.duration('1s', '1h'), {
    fallback: '30s',
    about: 'over which the clients of a node that is drained are sent away ([below](#stopping))',
  }),
  SESSION_EXPIRY: variable(form.duration('1m', '365d'), {
    fallback: '7d',
    about:
      'with `REDIS_URL`: a kept MQTT session whose client has been away for so long is forgotten ([several nodes](mqtt.md#several-nodes))',
  }),
};

/** Of which `PM_IOT_WORKER` this process is. */
const worker: form.Form<number> = {
  allowed: 'set by the program itself',
  shown: '',
  parse: (given) => (/^[1-9]\d?$/.test(given) ? Number(given) : undefined),
};

/** Set by the program for its own processes. */
export const internal = {
  PM_IOT_WORKER: optional(worker, { about: 'which worker this process is, from 1 on' }),
};
