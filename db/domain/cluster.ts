import type { NodeState } from './system.ts';

/** What is told between nodes: JSON. */
export type Told =
  | string
  | number
  | boolean
  | null
  | readonly Told[]
  | { readonly [name: string]: Told | undefined };

/** Whoever is told is given what was sent; it comes from a node of the same cluster, and perhaps of an older version. */
export type Hear = (body: never, from: string) => void | Promise<void>;

/**
 * Through PostgreSQL: what has been committed (rooms, devices, accounts, commands), who is connected where, and what has been
 * taken away. In the order of the sender, to all other nodes; whoever could not listen is told to read everything again.
 */
export interface Notices {
  /**
   * Never throws. While the database is away it waits. `kept`: whoever cannot listen just now is told once it can again, within
   * an hour.
   */
  send(kind: string, body: Told, options?: { kept: boolean }): void;
  on(kind: string, hear: Hear): void;
  /** Resolves once all that others told before now has been dealt with here; after two seconds at the latest. */
  barrier(): Promise<void>;
  /** Resolves once the living nodes have dealt with all that was sent here before now; after a second at the latest. */
  told(): Promise<void>;
  /** Something may have been missed, of any node. */
  onGap(resync: () => void | Promise<void>): void;
}

/**
 * Through Redis: what is on its way (messages for subscribers, values that somebody looks at, counts). At most once; while Redis
 * is away nothing is told.
 */
export interface Bus {
  readonly ready: boolean;
  /** Has each of these nodes been heard lately? One may be cut from Redis, and go on with its work. */
  hears(nodes: Iterable<string>): boolean;
  /** To all other nodes. false: Redis is away, and it was not sent. */
  tell(kind: string, body: unknown): boolean;
  /** As `tell`; resolves once all living nodes have dealt with it, or after `milliseconds`. */
  ask(kind: string, body: unknown, milliseconds: number): Promise<void>;
  on(kind: string, hear: Hear): void;
  /** Something of a node was missed, or it is new here: what is known of it may be wrong. It is asked to announce anew. */
  onGap(forget: (from: string) => void): void;
  /**
   * A node has ended, or is dead and not heard any more: what it told counts no more. One that is cut from the database alone
   * is still heard, and one that comes back is new here.
   */
  onLost(forget: (node: string) => void): void;
  /** Others do not know, or may have missed, what this node has told: all that still counts is to be told again. */
  onAnnounce(tellAll: () => void): void;
}

/** The nodes of the cluster, as their leases in the database tell. */
export interface Nodes {
  /** Of this one: new at each start. */
  readonly id: string;
  /** Ids of the others that live. */
  others(): ReadonlySet<string>;
  /** A node has ended, or has not been heard of for so long that it counts as dead. */
  onGone(listener: (id: string) => void): void;
  /** This node did not renew its lease in time: others have taken it for dead. */
  onLapse(listener: () => void): void;
  /** Those that live or have died within the last hour, this one first. */
  states(): NodeState[];
}

/**
 * What one node at a time does: `upkeep` is all that is done by the clock for the database, `disk` the dropping of days, by
 * one of those that see the disk of the database.
 */
export type Post = 'upkeep' | 'disk';

/** Who does it: by the database, so that there is never more than one, and another one when that ends. */
export interface Leader {
  /** Is it this node? Asked between any two steps. */
  holds(post: Post): boolean;
  /** This node would do it. */
  stand(post: Post): void;
  onTaken(post: Post, listener: () => void): void;
}

/** What a node needs of the others. */
export interface Cluster {
  nodes: Nodes;
  notices: Notices;
  bus: Bus;
}
