import { createHmac } from 'node:crypto';
import { Wire } from '../helpers/wire.ts';
import { type Attack, many, type Target } from './target.ts';

async function post({ ports }: Target, path: string, body: string, headers: object = {}): Promise<number> {
  try {
    const response = await fetch(`http://127.0.0.1:${ports.http}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body,
    });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 0;
  }
}

/** Fewer would stay below the limits. */
const FULL = 1;
/** At full scale. */
const SPREAD_MS = 4000;

/** One name and many passwords, many names and one password, over REST and MQTT. */
export const guesses: Attack = async (target) => {
  const seen: Record<string, number> = {};
  const count = (key: string) => {
    seen[key] = (seen[key] ?? 0) + 1;
  };
  const login = (username: string, password: string) =>
    post(target, '/api/auth/login', JSON.stringify({ username, password }));
  const spread = SPREAD_MS * target.scale;
  const atAdmin = async (i: number) => count(`HTTP ${await login('admin', `guess number ${i}`)}`);
  await many(FULL, 60, 4, atAdmin, spread);
  const atNames = async (i: number) => count(`HTTP ${await login(`name-${i}`, 'one password for all')}`);
  await many(FULL, 400, 4, atNames, spread);
  const atMqtt = async (i: number) => {
    const wire = await Wire.tcp(target.ports.mqtt);
    const hello = { clientId: 'guess', username: 'zigbee', password: `guess number ${i}` };
    count(`CONNACK ${(await wire.connect(hello)).returnCode}`);
    await wire.drop();
  };
  await many(FULL, 60, 4, atMqtt, spread);
  return seen;
};

const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Bodies, headers and tokens that nobody sends in good faith. */
export const badRequests: Attack = async (target) => {
  const seen: Record<string, number> = {};
  const claims = base64({ sub: '0', jti: 'x', ver: 0, exp: 4_000_000_000 });
  const signed = `${base64({ alg: 'HS256', typ: 'JWT' })}.${claims}`;
  const tokens = [
    `${base64({ alg: 'none' })}.${claims}.`,
    `${signed}.${createHmac('sha256', 'a key of their own').update(signed).digest('base64url')}`,
    'x'.repeat(8000),
  ];
  const bodies = ['x'.repeat(1_000_000), '['.repeat(50_000), '{"a":'.repeat(9000), '{}', '\u0000'];
  await many(target.scale, 400, 8, async (i) => {
    const token = tokens[i % tokens.length] ?? '';
    const path = i % 2 === 0 ? '/api/rooms' : '/api/auth/login';
    const status = await post(target, path, bodies[i % bodies.length] ?? '', {
      Authorization: `Bearer ${token}`,
      'X-Long': 'y'.repeat(i % 7 === 0 ? 20_000 : 10),
    });
    const key = status === 0 ? 'cut' : `HTTP ${status}`;
    seen[key] = (seen[key] ?? 0) + 1;
  });
  return seen;
};
