import { connect, createServer } from 'node:net';
import { reachableHosts } from '../../../certs/names.ts';
import type { Config } from '../../../config/index.ts';
import { isLoopback } from '../../../db/domain/address.ts';
import { knockHttp, knockMqtt, ownAddress } from '../../../server/knock.ts';
import { broken, type Check, codeOf, type Finding, messageOf, ok, skipped, warning } from '../finding.ts';
import { ownerOf } from '../listener-owner.ts';

type Name = keyof Config['listeners'];

const NAMES: Name[] = ['http', 'https', 'mqtt', 'mqtts'];
const REACH_MS = 3000;

/** null: nobody holds it. */
const bindError = (host: string, port: number): Promise<unknown> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });

async function checkFree(name: Name, host: string, port: number): Promise<Finding> {
  const variable = name.toUpperCase();
  const at = `${variable} ${host}:${port}`;
  const error = await bindError(host, port);
  if (error === null) return ok('port_free', `${at} is free`);
  const owner = ownerOf(port);
  switch (codeOf(error)) {
    case 'EADDRINUSE': {
      const todo = owner?.startsWith('mosquitto ')
        ? 'sudo systemctl disable --now mosquitto'
        : `stop that program${owner === null ? ` (sudo ss -ltnp 'sport = :${port}' tells which it is)` : ''}`;
      return broken(
        'port_taken',
        `${at} is taken by ${owner ?? 'another program'}`,
        `${todo}, or give PM IoT another port: ${variable}_PORT`,
      );
    }
    case 'EACCES':
      return broken(
        'port_forbidden',
        `${at} is for root alone`,
        `${variable}_PORT of 1024 or more, or AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit of the service`,
      );
    case 'EADDRNOTAVAIL':
      return broken(
        'address_missing',
        `${at}: this machine has no address ${host} now`,
        `ip -brief address tells those that it has; 0.0.0.0 in ${variable}_HOST takes all`,
      );
    default:
      return broken(
        'port_fault',
        `${at} cannot be opened: ${messageOf(error)}`,
        `another ${variable}_HOST or ${variable}_PORT`,
      );
  }
}

async function checkAnswer(name: Name, host: string, port: number): Promise<Finding> {
  const variable = name.toUpperCase();
  const door = { host: ownAddress(host), port, secure: name.endsWith('s') };
  try {
    if (name.startsWith('http')) await knockHttp(door, '/api/health/live');
    else await knockMqtt(door);
    return ok('port_answers', `${variable} ${host}:${port} answers`);
  } catch (error) {
    const owner = ownerOf(port);
    return broken(
      'port_silent',
      `${variable} ${host}:${port} does not answer as it should: ${messageOf(error)}${owner === null ? '' : `; ${owner} holds it`}`,
      'see the log of the server; a restart if it hangs: sudo systemctl restart pm-iot',
    );
  }
}

const reachError = (host: string, port: number): Promise<unknown> =>
  new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (error: unknown) => {
      socket.destroy();
      resolve(error);
    };
    socket.setTimeout(REACH_MS, () => end(new Error('no answer')));
    socket.once('connect', () => end(null));
    socket.once('error', end);
  });

/** From this machine to the address that devices are told: finds wrong names, and what listens too narrowly. */
async function checkReach(name: Name, hosts: readonly string[], port: number): Promise<Finding[]> {
  return Promise.all(
    hosts.map(async (host) => {
      const error = await reachError(host, port);
      const at = `${name.toUpperCase()} at ${host}:${port}`;
      if (error === null)
        return ok('port_reachable', `${at}, as devices are told, is reached from this machine`);
      const unknown = ['ENOTFOUND', 'EAI_AGAIN'].includes(codeOf(error));
      // Where nothing here resolves .local, devices may all the same.
      if (unknown && host.endsWith('.local'))
        return skipped(
          'name_unresolved',
          `${host} is not resolved on this machine: whether devices do is not known`,
        );
      return warning(
        unknown ? 'name_unresolved' : 'port_unreachable',
        `${at}, as devices are told, is not reached: ${messageOf(error)}`,
        unknown
          ? `PUBLIC_HOST must be a name that devices can resolve, or an address: getent hosts ${host}`
          : `a firewall? sudo nft list ruleset; sudo ufw allow ${port}/tcp; and ${name.toUpperCase()}_HOST must not be loopback`,
      );
    }),
  );
}

export const checkPorts: Check = async ({ config, server }) => {
  const findings: Finding[] = [];
  const hosts = config.publicHost === null ? reachableHosts() : [config.publicHost];
  for (const name of NAMES) {
    const { host, port } = config.listeners[name];
    if (port === 'off') continue;
    if (port === 0) {
      findings.push(
        skipped('port_any', `${name.toUpperCase()}_PORT=0 takes any port: the log of the server tells which`),
      );
      continue;
    }
    // Whether it runs may be hidden from this user: then what holds the port is asked.
    if (server === null || (server === 'unknown' && (await bindError(host, port)) === null)) {
      findings.push(await checkFree(name, host, port));
      continue;
    }
    const answer = await checkAnswer(name, host, port);
    findings.push(answer);
    if (answer.level === 'ok' && name.endsWith('s') && !isLoopback(host))
      findings.push(...(await checkReach(name, hosts, port)));
  }
  return findings;
};
