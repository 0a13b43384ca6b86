import { connectRedis, type RedisConnection } from '../../../cluster/redis.ts';
import { silentLog } from '../../../db/domain/plain-log.ts';
import type { RedisTarget } from '../../../db/domain/redis-target.ts';
import { atMost } from '../../../db/domain/within.ts';
import { broken, type Check, codeOf, type Finding, messageOf, ok, warning } from '../finding.ts';

const PATIENCE_MS = 4000;

const placeOf = ({ hosts }: RedisTarget) => hosts.map(({ host, port }) => `${host}:${port}`).join(', ');

async function ask(redis: RedisConnection, at: string): Promise<Finding[]> {
  const started = performance.now();
  await redis.ping();
  const took = performance.now() - started;
  const info = await redis.info();
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const findings: Finding[] = [
    ok('redis', `Redis ${field('redis_version') ?? ''} at ${at} answers in ${took.toFixed(1)} ms`),
  ];
  const policy = field('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction' && field('maxmemory') !== '0') {
    findings.push(
      warning(
        'redis_evicts',
        `Redis drops what it likes when its memory is full (${policy}): sessions and messages of devices are lost`,
        'maxmemory-policy noeviction in redis.conf (redis-cli config set maxmemory-policy noeviction)',
      ),
    );
  }
  return findings;
}

/** It will not be there in four seconds either. */
const AT_ONCE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH']);
const REFUSAL = /NOAUTH|WRONGPASS|NOPERM|invalid password|without any password/;

/** Only with REDIS_URL. */
export const checkRedis: Check = async ({ config: { redis: target } }) => {
  if (target === null) return [];
  const at = placeOf(target);
  const redis = connectRedis(target, silentLog);
  let complaint: Error | null = null;
  const ready = new Promise<boolean>((resolve) => {
    redis.on('error', (error: Error) => {
      complaint = error;
      // Of several hosts another may answer.
      if (target.kind === 'single' && AT_ONCE.has(codeOf(error))) resolve(false);
    });
    redis.once('ready', () => resolve(true));
  });
  try {
    const up = await atMost(PATIENCE_MS, ready, false);
    const findings = up ? await ask(redis, at) : [];
    // One without a password lets anybody in, also whoever shows a wrong one.
    if (complaint !== null || !up) throw complaint ?? new Error('no answer');
    return findings;
  } catch (error) {
    const text = messageOf(complaint ?? error);
    const refused = REFUSAL.test(text);
    return [
      broken(
        refused ? 'redis_refuses' : 'redis_unreachable',
        `Redis at ${at} ${refused ? 'refuses the log-in of REDIS_URL' : 'does not answer'}: ${text}`,
        refused
          ? 'correct user and password in REDIS_URL'
          : 'sudo systemctl start redis-server; see bind and the firewall where it is on another machine',
      ),
    ];
  } finally {
    redis.disconnect();
  }
};
