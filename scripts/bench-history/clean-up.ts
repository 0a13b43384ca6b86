import { say } from './progress.ts';

type End = () => Promise<void> | void;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Ends what was begun, the newest first, whether the work went well, failed, or was interrupted. */
export async function cleaningUp<T>(work: (onEnd: (end: End) => void) => Promise<T>): Promise<T> {
  const ends: End[] = [];
  const endAll = async () => {
    for (let end = ends.pop(); end !== undefined; end = ends.pop()) await end();
  };
  const interrupted = () => {
    say('interrupted: cleaning up');
    void endAll().finally(() => process.exit(130));
  };
  for (const signal of SIGNALS) process.once(signal, interrupted);
  try {
    return await work((end) => ends.push(end));
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupted);
    await endAll();
  }
}
