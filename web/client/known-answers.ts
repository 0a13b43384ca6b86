interface Known {
  etag: string;
  value: unknown;
}

/** The last answers by URL, with their ETags: those that were asked for longest ago make room. */
export class KnownAnswers {
  readonly #limit: number;
  readonly #known = new Map<string, Known>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(url: string): Known | undefined {
    const known = this.#known.get(url);
    if (known !== undefined) this.#put(url, known);
    return known;
  }

  /** The same answer as before stays the same object: two questions may have been on their way at once. */
  learn(url: string, etag: string | null, value: unknown): { value: unknown; changed: boolean } {
    const before = this.#known.get(url);
    if (etag === null) {
      this.#known.delete(url);
      return { value, changed: true };
    }
    if (before?.etag === etag) return { value: before.value, changed: false };
    this.#put(url, { etag, value });
    return { value, changed: true };
  }

  #put(url: string, known: Known): void {
    this.#known.delete(url);
    this.#known.set(url, known);
    const [oldest] = this.#known.keys();
    if (this.#known.size > this.#limit && oldest !== undefined) this.#known.delete(oldest);
  }
}
