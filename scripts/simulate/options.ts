import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseDuration } from '../../db/domain/duration.ts';

export interface Options {
  /** null: the server on this machine, with the right of whoever can read its secrets. */
  url: string | null;
  /** Path of the CA to trust; null: that of the server here, or the system's. */
  caPath: string | null;
  /** Into which the server here puts them. */
  room: string | null;
  devices: number;
  prefix: string;
  intervalMs: number;
  /** null: until it is interrupted. */
  durationMs: number | null;
  token: string | null;
  /** Where to make an enrolment when there is no token. */
  http: { url: string; username: string; password: string } | null;
  /** Percent of the devices that break their connection, each interval. */
  drop: number;
  /** Milliseconds by which commands are answered late. */
  slowMs: number;
  /** Percent of messages that are garbage. */
  garbage: number;
  seed: number;
  /** null: beside what the server here keeps. */
  statePath: string | null;
}

export class UsageError extends Error {}

export const USAGE = `usage: npm run simulate -- [options]    devices for the server on this machine

  --devices N         how many (10)
  --room NAME         room into which they come
  --interval 1s       between two reports of a device
  --duration 60s      stop by itself (runs until Ctrl+C)
  --drop PERCENT      of the devices break their connection each interval (0)
  --slow 2s           answer commands so late (0ms)
  --garbage PERCENT   of the messages are garbage (0)
  --prefix NAME       of the device ids (sim)
  --seed N            of the random values (1)
  --state FILE        keeps the devices' secrets (simulator.json in DATA_DIR)

of a server elsewhere:
  --url URL           mqtts://host:8883, mqtt://…, wss://host:8443/mqtt
  --ca FILE           CA to trust (data/certs/ca.crt when it is there)
  --token TOKEN       enrolment token for devices that have no secret yet; or:
  --http URL          make one through REST (http://localhost:3000), with
  --username NAME     the admin's name (admin) and
  --password PASS     password; better in the variable PM_IOT_PASSWORD
`;

function parse(args: string[]) {
  const text = { type: 'string' } as const;
  const names = [
    'devices',
    'url',
    'ca',
    'token',
    'http',
    'username',
    'password',
    'interval',
    'duration',
  ] as const;
  const more = ['drop', 'slow', 'garbage', 'prefix', 'room', 'seed', 'state'] as const;
  try {
    const options = Object.fromEntries([...names, ...more].map((name) => [name, text]));
    return parseArgs({ args, options }).values as Partial<
      Record<(typeof names | typeof more)[number], string>
    >;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

export function readOptions(args: string[], env: NodeJS.ProcessEnv): Options {
  const given = parse(args);
  const number = (name: 'devices' | 'drop' | 'garbage' | 'seed', fallback: number, max: number): number => {
    const text = given[name];
    if (text === undefined) return fallback;
    const value = Number(text);
    if (!/^\d+(\.\d+)?$/.test(text) || value > max)
      throw new UsageError(`--${name} must be a number up to ${max}`);
    return value;
  };
  const duration = (name: 'interval' | 'duration' | 'slow'): number | null => {
    const text = given[name];
    if (text === undefined) return null;
    const value = parseDuration(text);
    if (value === null) throw new UsageError(`--${name} must be a duration such as 500ms or 60s`);
    return value;
  };
  const password = given.password ?? env.PM_IOT_PASSWORD;
  const elsewhere = [given.url, given.token, given.http, password].some((option) => option !== undefined);
  const url = given.url ?? (elsewhere ? 'mqtts://localhost:8883' : null);
  if (url !== null && !/^(mqtts?|wss?):\/\/./.test(url))
    throw new UsageError('--url must begin with mqtts://, mqtt://, wss:// or ws://');
  const prefix = given.prefix ?? 'sim';
  if (!/^[A-Za-z0-9._-]{1,40}$/.test(prefix))
    throw new UsageError('--prefix must be 1 to 40 of A-Z a-z 0-9 . _ -');
  const ownCa = join('data', 'certs', 'ca.crt');
  if (elsewhere && given.room !== undefined) {
    throw new UsageError('--room is for the server on this machine: elsewhere a token may name one');
  }
  if (given.http !== undefined && password === undefined) {
    throw new UsageError('--http needs the admin’s password: set PM_IOT_PASSWORD');
  }
  return {
    url,
    caPath: given.ca ?? (elsewhere && existsSync(ownCa) ? ownCa : null),
    room: given.room ?? null,
    devices: number('devices', 10, 100_000),
    prefix,
    intervalMs: Math.max(50, duration('interval') ?? 1000),
    durationMs: duration('duration'),
    token: given.token ?? null,
    http:
      password === undefined
        ? null
        : { url: given.http ?? 'http://localhost:3000', username: given.username ?? 'admin', password },
    drop: number('drop', 0, 100),
    slowMs: duration('slow') ?? 0,
    garbage: number('garbage', 0, 100),
    seed: number('seed', 1, 2 ** 31),
    statePath: given.state ?? (elsewhere ? join('data', 'simulator.json') : null),
  };
}
