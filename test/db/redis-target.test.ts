import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRedisUrl, type RedisTarget } from '../../db/domain/redis-target.ts';

const target = (over: Partial<RedisTarget>): RedisTarget => ({
  kind: 'single',
  hosts: [{ host: 'r1', port: 6379 }],
  group: null,
  db: 0,
  username: null,
  password: null,
  tls: false,
  ...over,
});
const host = (name: string, port: number) => ({ host: name, port });

const KNOWN: [string, RedisTarget][] = [
  ['redis://r1', target({})],
  ['redis://r1/', target({})],
  ['redis://r1:6380/2', target({ hosts: [host('r1', 6380)], db: 2 })],
  ['rediss://r1', target({ tls: true })],
  ['redis://10.0.0.1:1', target({ hosts: [host('10.0.0.1', 1)] })],
  ['redis://[::1]:6380', target({ hosts: [host('::1', 6380)] })],
  ['redis://:secret@r1', target({ password: 'secret' })],
  ['redis://pm:se%3Acret%40@r1', target({ username: 'pm', password: 'se:cret@' })],
  ['redis://pm:a:b@r1', target({ username: 'pm', password: 'a:b' })],
  [
    'redis+sentinel://s1,s2:26380/home',
    target({ kind: 'sentinel', hosts: [host('s1', 26_379), host('s2', 26_380)], group: 'home' }),
  ],
  [
    'rediss+sentinel://pm:secret@s1/home/3',
    target({
      kind: 'sentinel',
      hosts: [host('s1', 26_379)],
      group: 'home',
      db: 3,
      username: 'pm',
      password: 'secret',
      tls: true,
    }),
  ],
  [
    'redis+cluster://c1:7000,c2:7001,[fd00::3]',
    target({ kind: 'cluster', hosts: [host('c1', 7000), host('c2', 7001), host('fd00::3', 6379)] }),
  ],
  ['rediss+cluster://c1', target({ kind: 'cluster', hosts: [host('c1', 6379)], tls: true })],
];

void test('each form of REDIS_URL is read', () => {
  for (const [url, expected] of KNOWN) assert.deepEqual(parseRedisUrl(url), expected, url);
});

void test('anything else is refused', () => {
  const refused = [
    '',
    'r1:6379',
    'http://r1',
    'redis:/r1',
    'redis://',
    'redis://r1:0',
    'redis://r1:65536',
    'redis://r1:port',
    'redis://r1,r2',
    'redis://r1/x',
    'redis://r1/0/1',
    'redis://r1?db=1',
    'redis://secret@r1',
    'redis://:%zz@r1',
    'redis+sentinel://s1',
    'redis+sentinel://s1/',
    'redis+sentinel://s1/home/x',
    'redis+sentinel://s1/home/0/1',
    'redis+cluster://c1/0',
    'redis+cluster://c1,',
    'redis+other://r1',
    'redis:// r1',
  ];
  for (const url of refused) assert.equal(parseRedisUrl(url), undefined, url);
});
