/**
 * A clock that is looked at once for all that is done without a pause: of one commit there are a thousand messages, and of
 * one read of a socket a hundred.
 */
export function createCoarse(read: () => number): () => number {
  let known: number | null = null;
  const forget = () => {
    known = null;
  };
  return () => {
    if (known === null) {
      known = read();
      queueMicrotask(forget);
    }
    return known;
  };
}
