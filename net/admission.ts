import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Server, Socket } from 'node:net';
import { Gauge, type Registry } from 'prom-client';
import { addressGroup, plainAddress } from '../db/domain/address.ts';
import type { Ends } from '../db/domain/client-address.ts';
import type { Limits, LimitWatch } from '../db/domain/limits.ts';
import { type Caller, type ClientAddressesService, keyOf } from './client-addresses.ts';
import type { AddressCounts } from './shared-counts.ts';
import { holdUnread } from './unread.ts';

/** All connections of an address group. */
interface Place {
  key: string;
  /** Of a proxy that does not tell for whom: without a bound of its own. */
  shared: boolean;
  open: number;
  halfOpen: number;
  /** Begun one after the other, as those before them log in or go. */
  waiting: (() => void)[];
}

/** One connection. */
interface Visit {
  place: Place;
  address: string;
  /** It has not said anything whole yet, and is counted so. */
  halfOpen: boolean;
}

export interface AdmissionDeps {
  limits: Pick<Limits, 'connections' | 'connectionsPerAddress' | 'halfOpenPerAddress'>;
  clients: ClientAddressesService;
  /** Of the other nodes; null: this one is alone. */
  elsewhere: AddressCounts | null;
  watch: LimitWatch;
  registry: Registry;
}

/**
 * Counts the connections of all listeners together, and refuses those beyond a limit before they cost anything. Of those
 * that have not logged in yet, an address has only so many dealt with at a time: the others wait their turn unread, so
 * that a whole building that comes back at once behind one address is let in and not sent away.
 */
export class Admission {
  readonly #deps: AdmissionDeps;
  readonly #limits: AdmissionDeps['limits'];
  readonly #places = new Map<string, Place>();
  /** Connections from which nothing that makes sense has come yet. */
  readonly #strangers = new Map<string, Visit>();
  /** Of proxies that have not told for whom. */
  readonly #shared = new Map<string, Visit>();
  #open = 0;
  #halfOpen = 0;

  constructor(deps: AdmissionDeps) {
    this.#deps = deps;
    this.#limits = deps.limits;
    const gauge = (name: string, help: string, value: () => number) =>
      new Gauge({
        name,
        help,
        registers: [deps.registry],
        collect() {
          this.set(value());
        },
      });
    gauge('pm_iot_connections', 'Open connections to all listeners', () => this.#open);
    gauge('pm_iot_connections_half_open', 'Open connections that have said nothing whole yet', () => {
      return this.#halfOpen;
    });
  }

  /** From now on the server gets only connections that are admitted. Call it before it listens. */
  guard(server: Server): void {
    const listeners = server.listeners('connection');
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => {
      if (!this.#enter(socket)) {
        socket.destroy();
        return;
      }
      this.#deps.clients.meet(socket, (caller) => {
        const visit = this.#admit(socket, caller);
        if (visit === null) {
          socket.destroy();
          return;
        }
        this.#inTurn(socket, visit, () => {
          this.#begin(socket, visit);
          for (const listener of listeners) listener.call(server, socket);
        });
      });
    });
  }

  /**
   * A WebSocket has its connection for itself, also behind a proxy of HTTP: from then on it counts for the client whom the
   * proxy names. Call it when all that deals with upgrades listens.
   */
  guardUpgrades(server: HttpServer): void {
    const listeners = server.listeners('upgrade');
    server.removeAllListeners('upgrade');
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      const goOn = () => {
        for (const listener of listeners) listener.call(server, request, socket, head);
      };
      const visit = this.#shared.get(keyOf(request.socket));
      const address = visit === undefined ? '' : this.#deps.clients.ofRequest(request);
      if (visit === undefined || address === visit.address) return goOn();
      const isStranger = visit.halfOpen;
      this.#settle(visit);
      if (!this.#move(visit, address)) {
        socket.destroy();
        return;
      }
      if (!isStranger) return goOn();
      this.#inTurn(socket, visit, () => {
        this.#count(visit);
        goOn();
      });
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
    this.#settle(only);
  }

  /** No stranger any more, or none of that place: the next of it goes on. */
  #settle(visit: Visit): void {
    if (!visit.halfOpen) return;
    visit.halfOpen = false;
    visit.place.halfOpen--;
    this.#halfOpen--;
    this.#goOn(visit.place);
  }

  #count(visit: Visit): void {
    visit.halfOpen = true;
    visit.place.halfOpen++;
    this.#halfOpen++;
  }

  #goOn(place: Place): void {
    while (place.halfOpen < this.#limits.halfOpenPerAddress) {
      const next = place.waiting.shift();
      if (next === undefined) return;
      next();
    }
  }

  /** The next of its address goes on once it has said something whole, or is gone. */
  #begin(socket: Socket, visit: Visit): void {
    const key = keyOf(socket);
    this.#strangers.set(key, visit);
    this.#count(visit);
    socket.once('close', () => this.#forget(key, visit));
  }

  #inTurn(socket: Socket, visit: Visit, begin: () => void): void {
    const { place, address } = visit;
    if (place.halfOpen < this.#limits.halfOpenPerAddress) {
      begin();
      return;
    }
    this.#deps.watch.reached('half_open_per_address', { actor: addressGroup(address), address });
    const resume = holdUnread(socket, () => {
      place.waiting = place.waiting.filter((other) => other !== go);
    });
    const go = () => {
      resume();
      if (!socket.destroyed) begin();
    };
    place.waiting.push(go);
  }

  /** false: there are too many already, of whomever. */
  #enter(socket: Socket): boolean {
    if (this.#open >= this.#limits.connections) {
      const address = plainAddress(socket.remoteAddress);
      this.#deps.watch.reached('connections', { actor: addressGroup(address), address });
      return false;
    }
    this.#open++;
    socket.once('close', () => this.#open--);
    return true;
  }

  /** Where it is counted; null: it is refused. */
  #admit(socket: Socket, { address, shared }: Caller): Visit | null {
    const place = shared ? this.#placeOf(`proxy ${address}`, true) : this.#take(address);
    if (place === null) return null;
    const visit = { place, address, halfOpen: false };
    this.#arrive(place);
    socket.once('close', () => this.#depart(visit.place));
    if (shared) {
      const key = keyOf(socket);
      this.#shared.set(key, visit);
      socket.once('close', () => {
        if (this.#shared.get(key) === visit) this.#shared.delete(key);
      });
    }
    return visit;
  }

  /** false: the client has too many. */
  #move(visit: Visit, address: string): boolean {
    const place = this.#take(address);
    if (place === null) return false;
    this.#depart(visit.place);
    this.#arrive(place);
    visit.place = place;
    visit.address = address;
    return true;
  }

  /** null: the client has too many. */
  #take(address: string): Place | null {
    const group = addressGroup(address);
    const place = this.#placeOf(group);
    const open = place.open + (this.#deps.elsewhere?.of(group) ?? 0);
    if (open < this.#limits.connectionsPerAddress) return place;
    this.#deps.watch.reached('connections_per_address', { actor: group, address });
    return null;
  }

  #placeOf(key: string, shared = false): Place {
    return this.#places.get(key) ?? { key, shared, open: 0, halfOpen: 0, waiting: [] };
  }

  #arrive(place: Place): void {
    this.#places.set(place.key, place);
    place.open++;
    if (!place.shared) this.#deps.elsewhere?.changed(place.key, place.open);
  }

  #depart(place: Place): void {
    place.open--;
    if (place.open === 0) this.#places.delete(place.key);
    if (!place.shared) this.#deps.elsewhere?.changed(place.key, place.open);
  }
}
