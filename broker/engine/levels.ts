/** A node of a tree of topics or filters, level by level. */
interface Levelled<N> {
  children: Map<string, N>;
}

/** Where these levels end; made as far as it is missing. */
export function nodeAt<N extends Levelled<N>>(root: N, levels: readonly string[], make: () => N): N {
  let at = root;
  for (const level of levels) {
    let next = at.children.get(level);
    if (next === undefined) {
      next = make();
      at.children.set(level, next);
    }
    at = next;
  }
  return at;
}

/** From the root to where these levels end; null: it is missing. */
export function pathTo<N extends Levelled<N>>(root: N, levels: readonly string[]): N[] | null {
  const path = [root];
  let at = root;
  for (const level of levels) {
    const next = at.children.get(level);
    if (next === undefined) return null;
    path.push(next);
    at = next;
  }
  return path;
}

/** Takes away the end of a path, as far as it has nothing of its own and nothing below. */
export function prune<N extends Levelled<N>>(
  path: readonly N[],
  levels: readonly string[],
  isEmpty: (node: N) => boolean,
): void {
  for (let depth = levels.length; depth > 0; depth--) {
    const at = path[depth];
    if (at === undefined || !isEmpty(at) || at.children.size > 0) return;
    path[depth - 1]?.children.delete(levels[depth - 1] ?? '');
  }
}
