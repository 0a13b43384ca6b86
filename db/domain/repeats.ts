/** Tells whether `key` has not come within `windowMs`: for log lines that a stranger could cause without end. */
export function createRepeats({
  windowMs,
  maxKeys,
  now,
}: {
  windowMs: number;
  /** Keys told apart in a window; those beyond it count as repeated. */
  maxKeys: number;
  /** Milliseconds. */
  now: () => number;
}): (key: string) => boolean {
  const seen = new Set<string>();
  let from = Number.NEGATIVE_INFINITY;
  return (key) => {
    if (now() - from > windowMs) {
      seen.clear();
      from = now();
    }
    if (seen.has(key) || seen.size >= maxKeys) return false;
    seen.add(key);
    return true;
  };
}
