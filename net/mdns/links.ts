import { createSocket, type Socket } from 'node:dgram';
import { BlockList } from 'node:net';
import type { Log } from '../../db/domain/ports.ts';
import { atMost } from '../../db/domain/within.ts';
import { isGuestBridge, type MachineAddress, machineAddresses } from '../../db/machine-addresses.ts';
import { type Budget, createBudget } from './budget.ts';

export const MDNS_PORT = 5353;
const GROUP = { IPv4: '224.0.0.251', IPv6: 'ff02::fb' } as const;
const LOOK_EVERY_MS = 5000;
const SEND_LIMIT_MS = 500;

/** An interface with a network behind it. */
export interface Link {
  readonly name: string;
  readonly addresses: readonly MachineAddress[];
}

export interface Sender {
  address: string;
  port: number;
}

export interface LinksDeps {
  log: Log;
  /** Milliseconds that no clock adjustment moves. */
  monotonic: () => number;
  onPacket: (link: Link, bytes: Buffer, sender: Sender, answer: (bytes: Buffer) => void) => void;
  /** There are others than before, or they have other addresses. */
  onChange: () => void;
}

interface OpenLink extends Link {
  sockets: { socket: Socket; family: 'IPv4' | 'IPv6' }[];
  /** Of IPv4, from which hosts of the link speak. */
  network: BlockList;
  /** Of its sockets one has met an error. */
  broken: boolean;
  budget: Budget;
}

function linksNow(): Map<string, MachineAddress[]> {
  const links = new Map<string, MachineAddress[]>();
  for (const address of machineAddresses()) {
    if (address.internal || isGuestBridge(address.interface)) continue;
    links.set(address.interface, [...(links.get(address.interface) ?? []), address]);
  }
  return links;
}

/** Sockets of mDNS on every network of the machine; they come and go with its addresses. */
export function createLinks({ log, monotonic, onPacket, onChange }: LinksDeps) {
  const open = new Map<string, OpenLink>();
  let timer: NodeJS.Timeout | undefined;
  let told = '';

  const tellTrouble = (link: string, error: Error) => {
    const trouble = `${link} ${error.message}`;
    log[trouble === told ? 'debug' : 'warn'](
      { err: error, interface: link },
      'mDNS cannot use a network: trying again',
    );
    told = trouble;
  };

  const listen = (link: OpenLink, family: 'IPv4' | 'IPv6', address: string) => {
    // Another responder of this machine (avahi-daemon) may have the port as well.
    const socket = createSocket(
      family === 'IPv4'
        ? { type: 'udp4', reuseAddr: true }
        : { type: 'udp6', reuseAddr: true, ipv6Only: true },
    );
    const scope = family === 'IPv4' ? address : `::%${link.name}`;
    link.sockets.push({ socket, family });
    socket.on('error', (error) => {
      link.broken = true;
      tellTrouble(link.name, error);
    });
    socket.on('message', (bytes, sender) => {
      // Sockets of Linux hear what comes in at other links too; who is beyond the link is not to be told of it [RFC 6762, 11].
      const [plain = '', zone] = sender.address.split('%');
      if (family === 'IPv4' ? !link.network.check(plain) : zone !== link.name) return;
      if (!link.budget.take()) return;
      const began = monotonic();
      onPacket(link, bytes, sender, (answer) => socket.send(answer, sender.port, sender.address, () => {}));
      link.budget.spent(monotonic() - began);
    });
    socket.bind({ port: MDNS_PORT, address: family === 'IPv4' ? '0.0.0.0' : '::' }, () => {
      try {
        socket.addMembership(GROUP[family], scope);
        socket.setMulticastInterface(scope);
        socket.setMulticastTTL(255);
        // Whoever asks on this machine hears it too.
        socket.setMulticastLoopback(true);
      } catch (error) {
        link.broken = true;
        tellTrouble(link.name, error instanceof Error ? error : new Error(String(error)));
      }
    });
    socket.unref();
  };

  const close = (link: OpenLink) => {
    open.delete(link.name);
    for (const { socket } of link.sockets) {
      try {
        socket.close();
      } catch {
        // It never was open.
      }
    }
  };

  const begin = (name: string, addresses: readonly MachineAddress[]) => {
    const network = new BlockList();
    const link: OpenLink = {
      name,
      addresses,
      network,
      sockets: [],
      broken: false,
      budget: createBudget(monotonic),
    };
    open.set(name, link);
    for (const family of ['IPv4', 'IPv6'] as const) {
      const [first, ...others] = addresses.filter((one) => one.family === family);
      if (first === undefined) continue;
      for (const { cidr } of family === 'IPv4' ? [first, ...others] : []) {
        const [net = '', bits] = cidr.split('/');
        network.addSubnet(net, Number(bits));
      }
      listen(link, family, first.address);
    }
  };

  const look = () => {
    const now = linksNow();
    const before = new Set(open.keys());
    let changed = false;
    for (const link of [...open.values()]) {
      const addresses = now.get(link.name);
      const same = addresses !== undefined && JSON.stringify(addresses) === JSON.stringify(link.addresses);
      if (same && !link.broken) continue;
      close(link);
      changed ||= !same;
    }
    for (const [name, addresses] of now) {
      if (open.has(name)) continue;
      begin(name, addresses);
      changed ||= !before.has(name);
    }
    if (changed) onChange();
  };

  return {
    all: (): Link[] => [...open.values()],
    /** Resolves once the kernel has it. What is lost on the way is asked for again. */
    send: async (link: Link, bytes: Buffer): Promise<void> => {
      const sent = (open.get(link.name)?.sockets ?? []).map(({ socket, family }) => {
        const group = family === 'IPv4' ? GROUP.IPv4 : `${GROUP.IPv6}%${link.name}`;
        return new Promise<void>((resolve) => socket.send(bytes, MDNS_PORT, group, () => resolve()));
      });
      await atMost(SEND_LIMIT_MS, Promise.all(sent), []);
    },
    start(): void {
      look();
      timer = setInterval(look, LOOK_EVERY_MS);
      timer.unref();
    },
    stop(): void {
      clearInterval(timer);
      for (const link of [...open.values()]) close(link);
    },
  };
}

export type Links = ReturnType<typeof createLinks>;
