interface Node {
  children: Map<string, Node>;
  /** How many times the filter that ends here was added. */
  count: number;
}

const node = (): Node => ({ children: new Map(), count: 0 });

/** Filters, counted: tells whether any of them matches a topic, at the cost of its levels and not of their number. */
export class FilterTree {
  readonly #root = node();
  #size = 0;

  /** Different ones. */
  get size(): number {
    return this.#size;
  }

  add(filter: string): void {
    let at = this.#root;
    for (const level of filter.split('/')) {
      let next = at.children.get(level);
      if (next === undefined) {
        next = node();
        at.children.set(level, next);
      }
      at = next;
    }
    if (at.count++ === 0) this.#size++;
  }

  delete(filter: string): void {
    const levels = filter.split('/');
    const path = [this.#root];
    for (const level of levels) {
      const next = path.at(-1)?.children.get(level);
      if (next === undefined) return;
      path.push(next);
    }
    const last = path.at(-1);
    if (last === undefined || last.count === 0) return;
    if (--last.count === 0) this.#size--;
    for (let depth = levels.length; depth > 0; depth--) {
      const at = path[depth];
      if (at === undefined || at.count > 0 || at.children.size > 0) return;
      path[depth - 1]?.children.delete(levels[depth - 1] ?? '');
    }
  }

  /** A leading wildcard matches no `$…` [MQTT-4.7.2-1]. */
  matches(topic: string): boolean {
    return this.#size > 0 && this.#below(this.#root, topic.split('/'), 0);
  }

  #below(at: Node, levels: readonly string[], depth: number): boolean {
    const level = levels[depth];
    const wild = depth > 0 || level?.startsWith('$') !== true;
    // `a/#` matches `a` too [MQTT-4.7.1-2].
    if (wild && (at.children.get('#')?.count ?? 0) > 0) return true;
    if (level === undefined) return at.count > 0;
    const exact = at.children.get(level);
    if (exact !== undefined && this.#below(exact, levels, depth + 1)) return true;
    const any = wild ? at.children.get('+') : undefined;
    return any !== undefined && this.#below(any, levels, depth + 1);
  }
}
