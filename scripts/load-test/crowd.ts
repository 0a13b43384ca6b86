import { register } from '../../test/helpers/devices.ts';
import type { Rest } from '../../test/helpers/rest.ts';
import type { Server } from '../../test/helpers/server.ts';
import { Wire } from '../../test/helpers/wire.ts';

export interface CrowdResult {
  milliseconds: number;
  failed: number;
  listed: number;
}

/** So many devices connect over TLS and register, all at once. */
export async function registerCrowd(server: Server, rest: Rest, count: number): Promise<CrowdResult> {
  const token = await rest.enroll({ max_uses: count });
  const { ca } = server;
  const started = performance.now();
  const outcomes = await Promise.allSettled(
    Array.from({ length: count }, async (_, i) => {
      const id = `crowd-${i}`;
      const wire = await Wire.tls(server.ports.mqtts, ca);
      const { returnCode } = await wire.connect({ clientId: id, username: id, password: token });
      if (returnCode !== 0) throw new Error(`CONNACK ${returnCode}`);
      const { status } = await register(wire, id);
      await wire.disconnect();
      if (status !== 'registered') throw new Error(status);
    }),
  );
  const milliseconds = performance.now() - started;
  for (const outcome of outcomes) if (outcome.status === 'rejected') console.error(outcome.reason);
  let listed = 0;
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const page: { devices: object[]; next_cursor: string | null } = await rest.expect(
      200,
      'GET',
      `/api/devices?q=crowd-&limit=200${query}`,
    );
    listed += page.devices.length;
    cursor = page.next_cursor;
  }
  return { milliseconds, failed: outcomes.filter(({ status }) => status === 'rejected').length, listed };
}
