import { setTimeout as sleep } from 'node:timers/promises';
import { Wire } from '../../../test/helpers/wire.ts';

const EVERY_MS = 5;
const LIMIT_MS = 30_000;

/** Resolves once a CONNECT on this port is acknowledged. */
export async function untilConnack(port: number): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  for (;;) {
    try {
      const wire = await Wire.tcp(port);
      try {
        await wire.connect({ clientId: 'bench-first' });
        return;
      } finally {
        wire.socket.destroy();
      }
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(EVERY_MS);
    }
  }
}
