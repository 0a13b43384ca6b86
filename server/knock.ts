import { once } from 'node:events';
import { type RequestOptions, request } from 'node:http';
import { request as requestSecurely } from 'node:https';
import { connect, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { ProbeFault } from '../db/health/fault.ts';

const LIMIT_MS = 1500;
/** Protocol level 5: refused with a CONNACK before anybody is asked who it is, so nothing is told or counted of it. */
const CONNECT_5 = Buffer.from([0x10, 13, 0, 4, 0x4d, 0x51, 0x54, 0x54, 5, 2, 0, 10, 0, 0, 0]);
const CONNACK_UNACCEPTABLE = Buffer.from([0x20, 2, 0, 1]);

/** A listener of this process. */
export interface Door {
  host: string;
  port: number;
  secure: boolean;
}

/** Where a listener on this address is reached from this machine. */
export function ownAddress(host: string): string {
  if (host === '0.0.0.0' || host === '') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

const unreachable = ({ host, port }: Door, error: unknown) =>
  new ProbeFault(
    'listener_unreachable',
    `${host}:${port}: ${error instanceof Error ? error.message : error}`,
  );

/** Whether the certificate is right is another question: it is our own door. */
const UNCHECKED = { rejectUnauthorized: false };

/** Asks this process something over HTTP, through its own listener. Throws unless the answer is 200. */
export async function knockHttp(door: Door, path: string): Promise<void> {
  const { host, port, secure } = door;
  const options: RequestOptions = {
    ...{ host, port, path, agent: false, timeout: LIMIT_MS },
    headers: { Connection: 'close' },
  };
  const asked = secure ? requestSecurely({ ...options, ...UNCHECKED }) : request(options);
  asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
  asked.end();
  const [response] = await once(asked, 'response').catch((error: unknown) => {
    throw unreachable(door, error);
  });
  response.resume();
  if (response.statusCode !== 200) throw new ProbeFault('unexpected_answer', `HTTP ${response.statusCode}`);
}

/** Greets the broker through its own listener, and is refused as it must be. */
export async function knockMqtt(door: Door): Promise<void> {
  const { host, port, secure } = door;
  const socket: Socket = secure ? connectSecurely({ host, port, ...UNCHECKED }) : connect({ host, port });
  socket.setTimeout(LIMIT_MS, () => socket.destroy(new Error('no answer in time')));
  try {
    socket.write(CONNECT_5);
    const [answer] = (await once(socket, 'data').catch((error: unknown) => {
      throw unreachable(door, error);
    })) as [Buffer];
    if (!answer.equals(CONNACK_UNACCEPTABLE))
      throw new ProbeFault('unexpected_answer', `${answer.toString('hex')} in place of a CONNACK`);
  } finally {
    socket.destroy();
  }
}
