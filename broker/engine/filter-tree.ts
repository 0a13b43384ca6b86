import { nodeAt, pathTo, prune } from './levels.ts';

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
    const at = nodeAt(this.#root, filter.split('/'), node);
    if (at.count++ === 0) this.#size++;
  }

  delete(filter: string): void {
    const levels = filter.split('/');
    const path = pathTo(this.#root, levels);
    const last = path?.at(-1);
    if (path === null || last === undefined || last.count === 0) return;
    if (--last.count === 0) this.#size--;
    prune(path, levels, ({ count }) => count === 0);
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
