import { Session } from 'node:inspector/promises';

/**
 * Gives back what the start of this thread has left behind, some 30 MB, which the engine would keep until it needs the
 * room. Stops the thread for some 50 ms: for the moment before anybody is served.
 */
export async function collectGarbage(): Promise<void> {
  const session = new Session();
  session.connect();
  try {
    await session.post('HeapProfiler.collectGarbage');
  } finally {
    session.disconnect();
  }
}
