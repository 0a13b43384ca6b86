/** Where Redis is, as `REDIS_URL` tells. */
export interface RedisTarget {
  kind: 'single' | 'sentinel' | 'cluster';
  /** Of the server, of the sentinels, or of some nodes of the cluster. */
  hosts: readonly { host: string; port: number }[];
  /** Of the group that the sentinels watch. */
  group: string | null;
  db: number;
  username: string | null;
  password: string | null;
  tls: boolean;
}

export const REDIS_FORMS =
  'redis://[user:password@]host:6379[/0], redis+sentinel://…@host:26379,host:26379/group[/0] or redis+cluster://…@host:6379,host:6379, ' +
  'each with rediss in place of redis for TLS';

const FORM = /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/]*)@)?([^/?#]+)(?:\/([^?#]*))?$/;
const DEFAULT_PORTS = { single: 6379, sentinel: 26379, cluster: 6379 };

function parseHost(text: string, fallback: number): { host: string; port: number } | null {
  const found = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/.exec(text);
  const port = Number(found?.[2] ?? fallback);
  if (found?.[1] === undefined || port < 1 || port > 65_535) return null;
  return { host: found[1].replace(/^\[|\]$/g, ''), port };
}

/** undefined: it is none of `REDIS_FORMS`. */
export function parseRedisUrl(text: string): RedisTarget | undefined {
  const found = FORM.exec(text);
  if (found === null) return undefined;
  const [, scheme, form, login, given = '', path = ''] = found;
  const kind = form === 'sentinel' || form === 'cluster' ? form : 'single';
  const hosts = given.split(',').map((each) => parseHost(each, DEFAULT_PORTS[kind]));
  const known = hosts.filter((each) => each !== null);
  if (known.length !== hosts.length || (kind === 'single' && hosts.length !== 1)) return undefined;
  const levels = path === '' ? [] : path.split('/');
  const group = kind === 'sentinel' ? levels.shift() : null;
  const db = levels.shift() ?? '0';
  if (group === undefined || group === '' || levels.length > 0 || !/^\d{1,5}$/.test(db)) return undefined;
  if (kind === 'cluster' && path !== '') return undefined;
  const colon = login?.indexOf(':') ?? -1;
  try {
    const username = login === undefined || colon <= 0 ? null : decodeURIComponent(login.slice(0, colon));
    const password = login === undefined || colon < 0 ? null : decodeURIComponent(login.slice(colon + 1));
    if (login !== undefined && login !== '' && colon < 0) return undefined;
    return { kind, hosts: known, group, db: Number(db), username, password, tls: scheme === 'rediss' };
  } catch {
    return undefined;
  }
}
