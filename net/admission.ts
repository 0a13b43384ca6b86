import type { Server, Socket } from 'node:net';
import { Gauge, type Registry } from 'prom-client';
import { addressGroup, plainAddress } from '../db/domain/address.ts';
import type { Limits, LimitWatch } from '../db/domain/limits.ts';

interface Place {
  open: number;
  halfOpen: number;
  /** Begun one after the other, as those before them log in or go. */
  waiting: (() => void)[];
}

/** One that has not said anything whole yet, counted with its address. */
interface Stranger {
  place: Place;
  counted: boolean;
}

/** What `pause` does not: nothing more is taken from the socket, so that one that waits keeps no memory but its own. */
interface Readable {
  _handle?: { readStop(): void; readStart(): void } | null;
}

type Ends = Pick<Socket, 'remoteAddress' | 'remotePort' | 'localAddress' | 'localPort'>;

/** The same for a socket and for the TLS socket around it, which knows it under no public name. */
const keyOf = ({ remoteAddress, remotePort, localAddress, localPort }: Ends) =>
  `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;

export interface AdmissionDeps {
  limits: Pick<Limits, 'connections' | 'connectionsPerAddress' | 'halfOpenPerAddress'>;
  watch: LimitWatch;
  registry: Registry;
}

/**
 * Counts the connections of all listeners together, and refuses those beyond a limit before they cost anything. Of those
 * that have not logged in yet, an address has only so many dealt with at a time: the others wait their turn unread, so
 * that a whole building that comes back at once behind one address is let in and not sent away.
 */
export class Admission {
  readonly #limits: AdmissionDeps['limits'];
  readonly #watch: LimitWatch;
  readonly #places = new Map<string, Place>();
  /** Connections from which nothing that makes sense has come yet. */
  readonly #strangers = new Map<string, Stranger>();
  #open = 0;
  #halfOpen = 0;

  constructor({ limits, watch, registry }: AdmissionDeps) {
    this.#limits = limits;
    this.#watch = watch;
    const gauge = (name: string, help: string, value: () => number) =>
      new Gauge({
        name,
        help,
        registers: [registry],
        collect() {
          this.set(value());
        },
      });
    gauge('pm_iot_connections', 'Open connections to all listeners', () => this.#open);
    gauge('pm_iot_connections_half_open', 'Those that have not logged in or asked anything yet', () => {
      return this.#halfOpen;
    });
  }

  /** From now on the server gets only connections that are admitted. Call it before it listens. */
  guard(server: Server): void {
    const listeners = server.listeners('connection');
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => {
      const place = this.#admit(socket);
      if (place === null) {
        socket.destroy();
        return;
      }
      const begin = () => {
        this.#begin(socket, place);
        for (const listener of listeners) listener.call(server, socket);
      };
      if (place.halfOpen < this.#limits.halfOpenPerAddress) begin();
      else this.#wait(socket, place, begin);
    });
  }

  /** It has logged in, or sent a whole request. */
  established(socket: Ends): void {
    this.#forget(keyOf(socket));
  }

  /** `only`: unless the same ends are those of a newer connection, whose client was quicker than our end of the old. */
  #forget(key: string, only = this.#strangers.get(key)): void {
    if (only === undefined) return;
    if (this.#strangers.get(key) === only) this.#strangers.delete(key);
    if (!only.counted) return;
    only.counted = false;
    only.place.halfOpen--;
    this.#halfOpen--;
    this.#goOn(only.place);
  }

  #goOn(place: Place): void {
    while (place.halfOpen < this.#limits.halfOpenPerAddress) {
      const next = place.waiting.shift();
      if (next === undefined) return;
      next();
    }
  }

  /** The next of its address goes on once it has said something whole, or is gone. */
  #begin(socket: Socket, place: Place): void {
    const key = keyOf(socket);
    const stranger = { place, counted: true };
    this.#strangers.set(key, stranger);
    this.#halfOpen++;
    place.halfOpen++;
    socket.once('close', () => this.#forget(key, stranger));
  }

  #wait(socket: Socket, place: Place, begin: () => void): void {
    const address = plainAddress(socket.remoteAddress);
    this.#watch.reached('half_open_per_address', { actor: addressGroup(address), address });
    const { _handle: handle } = socket as Readable;
    handle?.readStop();
    const onError = () => socket.destroy();
    socket.on('error', onError);
    const go = () => {
      socket.off('error', onError);
      socket.off('close', leave);
      if (socket.destroyed) return;
      handle?.readStart();
      begin();
    };
    const leave = () => {
      place.waiting = place.waiting.filter((other) => other !== go);
    };
    socket.once('close', leave);
    place.waiting.push(go);
  }

  /** Where it is counted; null: it is refused. */
  #admit(socket: Socket): Place | null {
    const address = plainAddress(socket.remoteAddress);
    const group = addressGroup(address);
    const place = this.#places.get(group) ?? { open: 0, halfOpen: 0, waiting: [] };
    const { connections, connectionsPerAddress } = this.#limits;
    const refuse = (limit: Parameters<LimitWatch['reached']>[0]) => {
      this.#watch.reached(limit, { actor: group, address });
      return null;
    };
    if (this.#open >= connections) return refuse('connections');
    if (place.open >= connectionsPerAddress) return refuse('connections_per_address');

    this.#places.set(group, place);
    this.#open++;
    place.open++;
    socket.once('close', () => {
      this.#open--;
      place.open--;
      if (place.open === 0) this.#places.delete(group);
    });
    return place;
  }
}
