/** An app polls every 10 s (the contract). */
export const POLL_MS = 10_000;
/** For a while after a command, so that its effects on other widgets are seen soon. */
export const HURRIED_POLL_MS = 2000;
export const HURRY_FOR_MS = 30_000;
/** Nobody looks at a hidden tab, which is asked anew as soon as somebody does. */
export const HIDDEN_POLL_MS = 60_000;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30_000;

export interface Pace {
  /** Rounds in a row in which the server was not reached. */
  failures: number;
  hidden: boolean;
  hurriedUntil: number;
  /** The server asked not to be asked before. */
  notBefore: number;
  now: number;
  /** From 0 to 1. */
  random: number;
}

/** Milliseconds to the next round. While the server is away apps come apart, so that they do not return all at once. */
export function nextDelay({ failures, hidden, hurriedUntil, notBefore, now, random }: Pace): number {
  const asked = Math.max(0, notBefore - now);
  if (failures > 0) {
    const backoff = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10));
    const jittered = backoff * (0.5 + random);
    return Math.max(asked, hidden ? Math.max(HIDDEN_POLL_MS, jittered) : jittered);
  }
  if (hidden) return Math.max(asked, HIDDEN_POLL_MS);
  return Math.max(asked, now < hurriedUntil ? HURRIED_POLL_MS : POLL_MS);
}
