import { join } from 'node:path';
import { findRoom } from '../enroll/room.ts';
import { localConfig, localServer } from '../operator/local-server.ts';
import { type Options, UsageError } from './options.ts';

/** A server that devices are made for. */
export interface Target {
  url: string;
  caPath: string | null;
  statePath: string;
  /** A token for so many devices that have no secret yet; null: they come without one. */
  enrol(unknown: number): Promise<string | null>;
}

const EXPIRY = '1h';

/** The server on this machine, with the right of whoever can read its secrets. */
export function here({ caPath, statePath, devices, room: name }: Options): Target {
  const config = localConfig();
  const { dataDir, listeners } = config;
  const { port } = listeners.mqtts;
  if (port === 'off' || port === 0) {
    throw new UsageError('MQTTS_PORT tells no port of the server: give --url, and --token or --http');
  }
  return {
    url: `mqtts://localhost:${port}`,
    caPath: caPath ?? join(dataDir, 'certs', 'ca.crt'),
    statePath: statePath ?? join(dataDir, 'simulator.json'),
    enrol: async () => {
      const server = localServer(config);
      const room = name === null ? {} : { room_id: (await findRoom(server, name)).id };
      const asked = { max_uses: devices, expires_in: EXPIRY, ...room };
      const { token } = await server.call<{ token: string }>('POST', '/api/enrollments', 'token', asked);
      return token;
    },
  };
}

/** One that is told by its URL, with a token or through REST. */
export function elsewhere({ caPath, statePath, token, http, devices }: Options, url: string): Target {
  return {
    url,
    caPath,
    statePath: statePath ?? join('data', 'simulator.json'),
    enrol: async (unknown) => token ?? (http === null ? null : makeToken(http, Math.max(unknown, devices))),
  };
}

/** An enrolment token through REST, good for this run. */
async function makeToken(
  { url, username, password }: { url: string; username: string; password: string },
  uses: number,
): Promise<string> {
  const call = async (path: string, body: object, token?: string) => {
    const response = await fetch(new URL(path, url), {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
    });
    const answer = (await response.json()) as { token?: string; error?: string };
    if (answer.token === undefined) throw new Error(`${path}: ${answer.error ?? response.status}`);
    return answer.token;
  };
  const token = await call('/api/auth/login', { username, password });
  return call('/api/enrollments', { max_uses: uses, expires_in: EXPIRY }, token);
}
