import type { BlockList, Socket } from 'node:net';
import { canonicalAddress, isLoopback, plainAddress } from '../db/domain/address.ts';
import type { ClientAddresses, Ends } from '../db/domain/client-address.ts';
import type { Log } from '../db/domain/ports.ts';
import { createRepeats } from '../db/domain/repeats.ts';
import { monotonic } from '../db/domain/time.ts';
import { readProxyHeader } from './proxy-header.ts';

/** From the connection to the end of its header. As long as a TLS handshake: a proxy without header waits for the client. */
const HEADER_TIMEOUT_MS = 10_000;
/** Of `X-Forwarded-For`, from the right. */
const MAX_HOPS = 20;
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];
/** A proxy that sends nonsense is logged once within this. */
const LOG_WINDOW_MS = 60_000;
const MAX_LOGGED = 100;

/** Who is at the other end. `shared`: a proxy that has not told for whom the connection is. */
export interface Caller {
  address: string;
  shared: boolean;
}

export interface ClientAddressesService extends ClientAddresses {
  /** Calls `next` once it is known whose connection this is: at once, unless a trusted proxy may tell. */
  meet(socket: Socket, next: (caller: Caller) => void): void;
}

export interface ClientAddressesDeps {
  /** TRUSTED_PROXIES; null: none. */
  trusted: BlockList | null;
  log: Log;
}

/** The same for a socket and for the TLS socket around it, which knows it under no public name. */
export const keyOf = ({ remoteAddress, remotePort, localAddress, localPort }: Ends) =>
  `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;

/** `192.0.2.1`, `192.0.2.1:4711`, `[2001:db8::1]:4711` or `2001:db8::1`. */
function hopOf(text: string): string | null {
  const found = /^\[([^\]]+)\](?::\d+)?$/.exec(text) ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text);
  return canonicalAddress(found?.[1] ?? text);
}

/** See `ClientAddresses`: the one place that decides it. What others than trusted proxies tell is not looked at. */
export function createClientAddresses({ trusted, log }: ClientAddressesDeps): ClientAddressesService {
  /** By the ends of the connection: as its proxy told it. */
  const told = new Map<string, Caller>();
  const isNew = createRepeats({ windowMs: LOG_WINDOW_MS, maxKeys: MAX_LOGGED, now: monotonic });

  const isTrusted = (address: string): boolean =>
    trusted?.check(address, address.includes(':') ? 'ipv6' : 'ipv4') === true;

  const ofSocket = (socket: Ends): string => {
    const own = plainAddress(socket.remoteAddress);
    if (trusted === null || told.size === 0) return own;
    return told.get(keyOf(socket))?.address ?? own;
  };

  const remember = (socket: Socket, address: string): Caller => {
    const caller = { address, shared: false };
    const key = keyOf(socket);
    told.set(key, caller);
    socket.once('close', () => {
      // The same ends may be those of a newer connection by now.
      if (told.get(key) === caller) told.delete(key);
    });
    return caller;
  };

  const readHeader = (socket: Socket, own: string, next: (caller: Caller) => void) => {
    let bytes: Buffer = Buffer.alloc(0);
    const refuse = (why: string) => {
      const level = isNew(own) ? 'warn' : 'debug';
      log[level]({ proxy: own, why }, 'a PROXY header of a trusted proxy is refused');
      socket.destroy();
    };
    const timer = setTimeout(() => refuse('it did not come in time'), HEADER_TIMEOUT_MS);
    const onEnd = () => socket.destroy();
    const leave = () => {
      clearTimeout(timer);
      socket.off('readable', onReadable).off('end', onEnd).off('close', leave);
    };
    const onReadable = () => {
      const chunk = socket.read() as Buffer | null;
      if (chunk === null) return;
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      const header = readProxyHeader(bytes);
      if (header.kind === 'incomplete') return;
      if (header.kind === 'malformed') return refuse(header.why);
      leave();
      const address = header.kind === 'whole' ? header.address : null;
      const rest = header.kind === 'whole' ? bytes.subarray(header.length) : bytes;
      // The stream has to notice first that nobody listens to it any more.
      setImmediate(() => {
        if (socket.destroyed) return;
        socket.off('error', onEnd);
        if (rest.length > 0) socket.unshift(rest);
        next(address === null ? { address: own, shared: true } : remember(socket, address));
      });
    };
    socket.on('readable', onReadable).on('end', onEnd).on('error', onEnd).on('close', leave);
  };

  return {
    ofSocket,
    ofRequest: ({ socket, headers }) => {
      let address = ofSocket(socket);
      const forwarded = headers['x-forwarded-for'];
      if (forwarded === undefined || !isTrusted(address)) return address;
      const hops = String(forwarded).split(',').slice(-MAX_HOPS).reverse();
      for (const text of hops) {
        const hop = hopOf(text.trim());
        // What stands further left was told by nobody who is trusted.
        if (hop === null) break;
        address = hop;
        if (!isTrusted(hop)) break;
      }
      return address;
    },
    isLocal: ({ socket, headers }) => {
      const own = plainAddress(socket.remoteAddress);
      return isLoopback(own) && !isTrusted(own) && FORWARDED.every((name) => headers[name] === undefined);
    },
    meet: (socket, next) => {
      const own = plainAddress(socket.remoteAddress);
      if (isTrusted(own)) readHeader(socket, own, next);
      else next({ address: own, shared: false });
    },
  };
}
