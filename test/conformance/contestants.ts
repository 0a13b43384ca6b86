import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Aedes } from 'aedes';
import { freePort } from '../helpers/free-port.ts';
import { ADMIN, Server } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';
import type { Broker } from './peer.ts';

export interface Contestant {
  name: string;
  broker: Broker;
  stop(): Promise<void>;
}

export async function ours(): Promise<Contestant> {
  const server = new Server();
  await server.start();
  const { mqtt, http } = server.ports;
  const broker = { port: mqtt, login: ADMIN, webSocketUrl: `ws://127.0.0.1:${http}/mqtt` };
  return { name: 'PM IoT', broker, stop: () => server.dispose() };
}

/** As it comes, without our remedies. */
export async function bareAedes(): Promise<Contestant> {
  const aedes = await Aedes.createBroker();
  const server = createServer(aedes.handle);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const stop = async () => {
    server.close();
    await new Promise<void>((resolve) => aedes.close(resolve));
  };
  return { name: 'bare Aedes 1.2.0', broker: { port, login: null, webSocketUrl: null }, stop };
}

const MOSQUITTO = ['/usr/sbin/mosquitto', '/usr/local/sbin/mosquitto'].find(existsSync);

/** null on a machine without it (Debian: `apt-get install mosquitto`). */
export async function mosquitto(): Promise<Contestant | null> {
  if (MOSQUITTO === undefined) return null;
  const folder = mkdtempSync(join(tmpdir(), 'pm-iot-mosquitto-'));
  const [port, webSocketPort] = [await freePort(), await freePort()];
  const listener = (at: number, protocol: string) => `listener ${at} 127.0.0.1\nprotocol ${protocol}\n`;
  const file = join(folder, 'mosquitto.conf');
  writeFileSync(
    file,
    `allow_anonymous true\nuser root\n${listener(port, 'mqtt')}${listener(webSocketPort, 'websockets')}`,
  );
  const child: ChildProcess = spawn(MOSQUITTO, ['-c', file], { stdio: 'ignore' });
  await until('Mosquitto listens', () => answers(port));
  const stop = async () => {
    const exited = once(child, 'exit');
    child.kill();
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    name: 'Mosquitto',
    broker: { port, login: null, webSocketUrl: `ws://127.0.0.1:${webSocketPort}/` },
    stop,
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (found: boolean) => {
      socket.destroy();
      resolve(found);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
