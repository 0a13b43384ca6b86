/** Time and chance, handed in so that tests have them in their hands. */
export interface Clock {
  now(): number;
  random(): number;
  /** Gives the way to call it off. */
  after(ms: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: Date.now,
  random: Math.random,
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
