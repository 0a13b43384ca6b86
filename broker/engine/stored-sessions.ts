interface Stored {
  /** QoS by filter. */
  filters: Map<string, number>;
  /** Its client asked for it to be kept, also while it is empty. */
  kept: boolean;
  queued: number;
  queuedBytes: number;
}

/** What the persistence keeps for each client id, counted. Those of people contain a slash: `u<user>/<client id>`. */
export class StoredSessions {
  /** Least recently made first. */
  readonly #byId = new Map<string, Stored>();
  readonly #byOwner = new Map<string, number>();
  observers = 0;
  queued = 0;
  queuedBytes = 0;

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

  countOf(owner: string): number {
    return this.#byOwner.get(owner) ?? 0;
  }

  oldest(mayGo: (id: string) => boolean): string | null {
    for (const id of this.#byId.keys()) if (mayGo(id)) return id;
    return null;
  }

  #of(id: string): Stored {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const made = { filters: new Map(), kept: false, queued: 0, queuedBytes: 0 };
    this.#byId.set(id, made);
    this.#count(id, 1);
    return made;
  }

  #count(id: string, by: 1 | -1): void {
    const owner = StoredSessions.ownerOf(id);
    if (owner === null) return;
    const count = this.countOf(owner) + by;
    if (count === 0) this.#byOwner.delete(owner);
    else this.#byOwner.set(owner, count);
  }

  /** A client connected that wants its session kept. */
  keep(id: string): void {
    this.#of(id).kept = true;
  }

  #isOver({ filters, kept, queued }: Stored): boolean {
    return filters.size === 0 && queued === 0 && !kept;
  }

  /** A device's own filters concern nobody else. */
  #observes(id: string, qos: number | undefined): number {
    return qos !== undefined && qos > 0 && StoredSessions.ownerOf(id) !== null ? 1 : 0;
  }

  add(id: string, filter: string, qos: number): void {
    const { filters } = this.#of(id);
    this.observers += this.#observes(id, qos) - this.#observes(id, filters.get(filter));
    filters.set(filter, qos);
  }

  remove(id: string, filter: string): void {
    const stored = this.#byId.get(id);
    if (stored === undefined) return;
    this.observers -= this.#observes(id, stored.filters.get(filter));
    stored.filters.delete(filter);
    if (this.#isOver(stored)) this.forget(id);
  }

  /** It is not wanted any more; what is queued is taken away one by one. */
  end(id: string): void {
    const stored = this.#byId.get(id);
    if (stored === undefined) return;
    stored.kept = false;
    for (const filter of [...stored.filters.keys()]) this.remove(id, filter);
    if (this.#isOver(stored)) this.forget(id);
  }

  queuedOf(id: string): number {
    return this.#byId.get(id)?.queued ?? 0;
  }

  queue(id: string, bytes: number): void {
    const stored = this.#of(id);
    stored.queued++;
    stored.queuedBytes += bytes;
    this.queued++;
    this.queuedBytes += bytes;
  }

  /** `bytes` null: of a PUBREL, which has taken the place of its message; the average is freed. */
  unqueue(id: string, bytes: number | null): void {
    const stored = this.#byId.get(id);
    if (stored === undefined || stored.queued === 0) return;
    const share = bytes ?? Math.ceil(stored.queuedBytes / stored.queued);
    const freed = stored.queued === 1 ? stored.queuedBytes : Math.min(share, stored.queuedBytes);
    stored.queued--;
    stored.queuedBytes -= freed;
    this.queued--;
    this.queuedBytes -= freed;
    if (this.#isOver(stored)) this.forget(id);
  }

  forget(id: string): void {
    const stored = this.#byId.get(id);
    if (stored === undefined) return;
    for (const qos of stored.filters.values()) this.observers -= this.#observes(id, qos);
    this.queued -= stored.queued;
    this.queuedBytes -= stored.queuedBytes;
    this.#byId.delete(id);
    this.#count(id, -1);
  }
}
