import type { Server, Socket } from 'node:net';
import { Gauge, type Registry } from 'prom-client';
import { addressGroup, plainAddress } from '../db/domain/address.ts';
import type { Limits, LimitWatch } from '../db/domain/limits.ts';

interface Place {
  open: number;
  halfOpen: number;
}

/** One that has not said anything whole yet, counted with its address. */
interface Stranger {
  place: Place;
  counted: boolean;
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

/** Counts the connections of all listeners together, and refuses those beyond a limit before they cost anything. */
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
      if (!this.#admit(socket)) socket.destroy();
      else for (const listener of listeners) listener.call(server, socket);
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
  }

  #admit(socket: Socket): boolean {
    const address = plainAddress(socket.remoteAddress);
    const group = addressGroup(address);
    const place = this.#places.get(group) ?? { open: 0, halfOpen: 0 };
    const { connections, connectionsPerAddress, halfOpenPerAddress } = this.#limits;
    const refuse = (limit: Parameters<LimitWatch['reached']>[0]) => {
      this.#watch.reached(limit, { actor: group, address });
      return false;
    };
    if (this.#open >= connections) return refuse('connections');
    if (place.open >= connectionsPerAddress) return refuse('connections_per_address');
    if (place.halfOpen >= halfOpenPerAddress) return refuse('half_open_per_address');

    const key = keyOf(socket);
    const stranger = { place, counted: true };
    this.#places.set(group, place);
    this.#strangers.set(key, stranger);
    this.#open++;
    this.#halfOpen++;
    place.open++;
    place.halfOpen++;
    socket.once('close', () => {
      this.#forget(key, stranger);
      this.#open--;
      place.open--;
      if (place.open === 0) this.#places.delete(group);
    });
    return true;
  }
}
