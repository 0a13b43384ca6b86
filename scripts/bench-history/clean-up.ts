import { say } from './progress.ts';

type End = () => Promise<void> | void;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
const EXIT_INTERRUPTED = 130;

/** Ends what was begun, the newest first, whether the work went well, failed, or was interrupted. */
export async function cleaningUp<T>(work: (onEnd: (end: End) => void) => Promise<T>): Promise<T> {
  const ends: End[] = [];
  let interruption: Promise<void> | null = null;
  const endAll = async () => {
    for (let end = ends.pop(); end !== undefined; end = ends.pop()) {
      try {
        await end();
      } catch (error) {
        say(`cleaning up: ${String(error)}`);
      }
    }
  };
  const interrupt = () => {
    say('interrupted: cleaning up');
    interruption ??= endAll().finally(() => process.exit(EXIT_INTERRUPTED));
  };
  for (const signal of SIGNALS) process.on(signal, interrupt);
  try {
    return await work((end) => ends.push(end));
  } finally {
    // Work that is interrupted fails, since what it stands on ends: that is no news.
    await (interruption ?? endAll());
    for (const signal of SIGNALS) process.off(signal, interrupt);
  }
}
