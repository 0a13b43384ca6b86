import { atMost } from './domain/within.ts';

/** A database that hangs would hold the answer up for ten seconds. */
const PATIENCE_MS = 2000;

/**
 * One question for all who wait: those who ask often must not fill the queue of a database that hangs. null: it is away, hangs,
 * or does not know.
 */
export function createAskedOnce(
  question: () => Promise<number | null>,
  patienceMs = PATIENCE_MS,
): () => Promise<number | null> {
  let asking: Promise<number | null> | null = null;
  const ask = async () => {
    try {
      return await question();
    } catch {
      return null;
    } finally {
      asking = null;
    }
  };
  return () => {
    asking ??= ask();
    return atMost(patienceMs, asking, null);
  };
}
