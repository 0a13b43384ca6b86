import type { Place } from '../../../test/helpers/place.ts';

/** One machine of the cluster. */
export interface Host extends Place {
  readonly name: string;
}

export interface Target {
  host: string;
  port: number;
}

/** The hosts of a cluster and what lies between them. This program reaches all of them, unless it is cut off as well. */
export interface Network {
  /** What it is made of, and why it is not more. */
  readonly description: string;
  addHost(name: string): Promise<Host>;
  /** Where programs of `from` reach what listens on a port of `to`. */
  route(from: Host, to: Host, port: number): Promise<Target>;
  /** Nothing passes between them any more, in either direction, and nobody is told. */
  cut(a: Host, b: Host): Promise<void>;
  heal(a: Host, b: Host): Promise<void>;
  /** The same between a host and this program, with all the clients in it; null where that cannot be done. */
  clients: { cut(host: Host): Promise<void>; heal(host: Host): Promise<void> } | null;
  stop(): Promise<void>;
}
