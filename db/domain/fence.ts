/** Numbers that grow in time, also beyond what other nodes have given: of two, the greater one was given later. */
export interface Fences {
  next(): number;
  /**
   * Another node has given this one. Is it later than one of ours? Of two that are equal one is taken for the later, and every
   * node takes the same.
   */
  isLater(fence: number, node: string, ours: number): boolean;
}

/**
 * A hybrid logical clock. Wall clocks of nodes differ; but whoever has heard of a number gives a greater one, so that only what
 * happened at two nodes before either could know of the other is told apart by the clocks.
 */
export function createFences(nodeId: string, now: () => number = Date.now): Fences {
  let last = 0;
  return {
    next: () => {
      last = Math.max(now() * 1000, last + 1);
      return last;
    },
    isLater: (fence, node, ours) => {
      if (Number.isSafeInteger(fence)) last = Math.max(last, fence);
      return fence > ours || (fence === ours && node > nodeId);
    },
  };
}
