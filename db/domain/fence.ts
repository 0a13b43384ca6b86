/** Numbers that grow in time, also beyond what other nodes have given: of two, the greater one was given later. */
export interface Fences {
  next(): number;
  /** Another node has given this one. */
  seen(fence: number): void;
}

/**
 * A hybrid logical clock. Wall clocks of nodes differ; but whoever has heard of a number gives a greater one, so that only what
 * happened at two nodes before either could know of the other is told apart by the clocks.
 */
export function createFences(now: () => number = Date.now): Fences {
  let last = 0;
  return {
    next: () => {
      last = Math.max(now() * 1000, last + 1);
      return last;
    },
    seen: (fence) => {
      if (Number.isSafeInteger(fence)) last = Math.max(last, fence);
    },
  };
}
