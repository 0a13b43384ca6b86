import { FilterTree } from './filter-tree.ts';

/** What is kept for each client id, counted. Those of people contain a slash: `u<user>/<client id>`. */
export class StoredSessions {
  /** QoS by filter. Least recently made first. */
  readonly #byId = new Map<string, Map<string, number>>();
  readonly #byOwner = new Map<string, { sessions: number; filters: number }>();
  /** Filters with QoS above 0 that are no device's own. */
  observers = 0;
  /** Those very filters. */
  readonly observed = new FilterTree();

  /** null: a device, whose session is its own and one. */
  static ownerOf(id: string): string | null {
    const slash = id.indexOf('/');
    return slash < 0 ? null : id.slice(0, slash);
  }

  get size(): number {
    return this.#byId.size;
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  ids(): string[] {
    return [...this.#byId.keys()];
  }

  countOf(owner: string): { sessions: number; filters: number } {
    return this.#byOwner.get(owner) ?? { sessions: 0, filters: 0 };
  }

  oldest(mayGo: (id: string) => boolean): string | null {
    for (const id of this.#byId.keys()) if (mayGo(id)) return id;
    return null;
  }

  #count(id: string, sessions: number, filters: number, observers: number): void {
    const owner = StoredSessions.ownerOf(id);
    // A device's own filters concern nobody else.
    if (owner === null) return;
    this.observers += observers;
    const before = this.countOf(owner);
    const after = { sessions: before.sessions + sessions, filters: before.filters + filters };
    if (after.sessions === 0) this.#byOwner.delete(owner);
    else this.#byOwner.set(owner, after);
  }

  #observe(id: string, filter: string, change: number): void {
    if (StoredSessions.ownerOf(id) === null) return;
    if (change > 0) this.observed.add(filter);
    if (change < 0) this.observed.delete(filter);
  }

  filtersOf(id: string): ReadonlyMap<string, number> {
    return this.#byId.get(id) ?? new Map();
  }

  /** A client connected that wants its session kept. */
  keep(id: string): void {
    if (this.#byId.has(id)) return;
    this.#byId.set(id, new Map());
    this.#count(id, 1, 0, 0);
  }

  add(id: string, filter: string, qos: number): void {
    const filters = this.#byId.get(id);
    if (filters === undefined) return;
    const before = filters.get(filter);
    const observers = Number(qos > 0) - Number((before ?? 0) > 0);
    this.#count(id, 0, before === undefined ? 1 : 0, observers);
    this.#observe(id, filter, observers);
    filters.set(filter, qos);
  }

  remove(id: string, filter: string): void {
    const qos = this.#byId.get(id)?.get(filter);
    if (qos === undefined) return;
    this.#byId.get(id)?.delete(filter);
    this.#count(id, 0, -1, qos > 0 ? -1 : 0);
    this.#observe(id, filter, qos > 0 ? -1 : 0);
  }

  forget(id: string): void {
    const filters = this.#byId.get(id);
    if (filters === undefined) return;
    for (const filter of [...filters.keys()]) this.remove(id, filter);
    this.#byId.delete(id);
    this.#count(id, -1, 0, 0);
  }
}
