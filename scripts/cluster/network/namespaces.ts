import { execFile } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';
import type { Host, Network } from './network.ts';

const run = promisify(execFile);
const FIRST_HOST = 10;

/** Networks of this process so far: each has names of its own. */
let networks = 0;

/** A part of 10.0.0.0/8 that no interface of this machine is in. */
function freePrefix(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? []).map((one) => one.address),
  );
  for (let i = process.pid + networks; ; i++) {
    const prefix = `10.${100 + (Math.floor(i / 250) % 100)}.${i % 250}.`;
    if (!addresses.some((address) => address.startsWith(prefix))) return prefix;
  }
}

/** Why there can be no namespaces here; null when there can. */
export async function namespacesMissing(): Promise<string | null> {
  const name = `pm-try-${process.pid}`;
  try {
    await run('ip', ['netns', 'add', name]);
  } catch (error) {
    return `no network namespaces: ${error instanceof Error ? (error.message.split('\n', 2)[1] ?? error.message) : String(error)}`;
  }
  try {
    await run('ip', ['netns', 'exec', name, 'iptables', '-L', '-n']);
    await run('nsenter', ['--version']);
    await run('ip', ['-n', name, 'link', 'add', 'bridge', 'type', 'bridge']);
    return null;
  } catch (error) {
    return `no network namespaces: ${error instanceof Error ? error.message.split('\n', 1)[0] : String(error)}`;
  } finally {
    await run('ip', ['netns', 'del', name]);
  }
}

/**
 * Each host in a namespace of its own, joined by a bridge in one more. A cut drops packets where they arrive, so that
 * neither side is told: no RST, no ICMP, as with a cable that is pulled out behind a switch.
 */
export async function openNamespaces(): Promise<Network> {
  networks++;
  const mark = `${process.pid}-${networks}`;
  const prefix = freePrefix();
  const own = `${prefix}1`;
  const bridge = `pm-${mark}-switch`;
  const uplink = `pm${process.pid}x${networks}`.slice(-15);
  const made: string[] = [];
  const namespaceOf = (name: string) => `pm-${mark}-${name}`;

  const addNamespace = async (name: string) => {
    await run('ip', ['netns', 'add', name]);
    made.push(name);
    await run('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
  };
  const drop = async (how: '-I' | '-D', host: Host, from: string) => {
    const rule = ['iptables', '-w', how, 'INPUT', '-s', from, '-j', 'DROP'];
    await run('ip', ['netns', 'exec', namespaceOf(host.name), ...rule]);
  };
  const both = async (how: '-I' | '-D', a: Host, b: Host) => {
    await Promise.all([drop(how, a, b.address), drop(how, b, a.address)]);
  };
  const stop = async () => {
    // Its other end goes with it; a namespace only goes once nothing holds it any more.
    await run('ip', ['link', 'del', uplink]).catch(() => {});
    for (const name of made.reverse()) await run('ip', ['netns', 'del', name]);
    made.length = 0;
  };

  try {
    await addNamespace(bridge);
    await run('ip', ['-n', bridge, 'link', 'add', 'bridge', 'type', 'bridge']);
    await run('ip', ['-n', bridge, 'link', 'set', 'bridge', 'up']);
    await run('ip', ['link', 'add', uplink, 'type', 'veth', 'peer', 'name', 'uplink', 'netns', bridge]);
    await run('ip', ['-n', bridge, 'link', 'set', 'uplink', 'master', 'bridge', 'up']);
    await run('ip', ['address', 'add', `${own}/24`, 'dev', uplink]);
    await run('ip', ['link', 'set', uplink, 'up']);
  } catch (error) {
    await stop();
    throw error;
  }

  let hosts = 0;
  return {
    description: `each host in a network namespace of its own (${prefix}0/24), cut by dropping packets`,
    addHost: async (name) => {
      const namespace = namespaceOf(name);
      const number = hosts++;
      const address = `${prefix}${FIRST_HOST + number}`;
      const port = `port${number}`;
      await addNamespace(namespace);
      await run('ip', [
        ...['-n', namespace, 'link', 'add', 'eth0', 'type', 'veth'],
        ...['peer', 'name', port, 'netns', bridge],
      ]);
      await run('ip', ['-n', bridge, 'link', 'set', port, 'master', 'bridge', 'up']);
      await run('ip', ['-n', namespace, 'address', 'add', `${address}/24`, 'dev', 'eth0']);
      await run('ip', ['-n', namespace, 'link', 'set', 'eth0', 'up']);
      return {
        name,
        address,
        within: (file, args) => ['nsenter', [`--net=/run/netns/${namespace}`, file, ...args]],
      };
    },
    route: async (_from, to, port) => ({ host: to.address, port }),
    cut: (a, b) => both('-I', a, b),
    heal: (a, b) => both('-D', a, b),
    // What this machine sends is dropped at the host; what the host sends, too, is dropped there: this machine has no rules of ours.
    clients: {
      cut: async (host) => {
        await drop('-I', host, own);
        await output('-I', host, own);
      },
      heal: async (host) => {
        await drop('-D', host, own);
        await output('-D', host, own);
      },
    },
    stop,
  };

  async function output(how: '-I' | '-D', host: Host, to: string): Promise<void> {
    const rule = ['iptables', '-w', how, 'OUTPUT', '-d', to, '-j', 'DROP'];
    await run('ip', ['netns', 'exec', namespaceOf(host.name), ...rule]);
  }
}
