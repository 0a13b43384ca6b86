import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { beginTool, type Ended, type Script } from './command.ts';
import { enrolled, reading } from './devices.ts';
import type { Rest } from './rest.ts';
import { startServer } from './setup.ts';
import { until } from './wait.ts';
import type { Wire } from './wire.ts';

/** A command of the operator, on a folder and a database; `input` comes on its standard input. */
export const beginCommand = (name: Script, args: string[], env: Record<string, string>, input = '') =>
  beginTool(name, args, { variables: { MIN_FREE_DISK: '16MiB', ...env }, input });

export const runCommand = (...given: Parameters<typeof beginCommand>): Promise<Ended> =>
  beginCommand(...given).ended;

export function temporaryFolder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'pm-iot-backup-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** What `fewFiles` keeps as `jwt.secret`. */
export const KEPT_SECRET = 'a-secret'.repeat(8);

/** A DATA_DIR without a database. */
export function fewFiles(t: TestContext): string {
  const path = temporaryFolder(t);
  mkdirSync(join(path, 'certs', 'devices'), { recursive: true });
  writeFileSync(join(path, 'jwt.secret'), KEPT_SECRET);
  writeFileSync(join(path, 'certs', 'devices', 'lamp.key'), 'a key');
  return path;
}

/** Of all readings of `floodOf`. */
export const FLOOD_AT = new Date(Date.now() - 3_600_000).toISOString();

/** Readings one after the other in some lanes; which of them were acknowledged, and how long each took. */
export function floodOf(wire: Wire, deviceId: string, lanes = 20) {
  const acknowledged = new Set<number>();
  const waits: number[] = [];
  let stopped = false;
  const lane = async (first: number) => {
    for (let seq = first; !stopped; seq += lanes) {
      const began = performance.now();
      await wire.publish(`devices/${deviceId}/sensor`, reading(seq / 7, { timestamp: FLOOD_AT, seq }));
      waits.push(performance.now() - began);
      acknowledged.add(seq);
    }
  };
  const running = Array.from({ length: lanes }, (_, first) => lane(first).catch(() => {}));
  return {
    acknowledged,
    waits,
    stop: async () => {
      stopped = true;
      await Promise.all(running);
    },
  };
}

/** Sequence numbers of all readings of a device's temperature; throws when one is there twice. */
export async function storedSeqs(rest: Rest, deviceId: string): Promise<Set<number>> {
  const { widget_id } = await rest.widget(deviceId, 'temperature');
  const { body } = await rest.call<string>('GET', `/api/widgets/${widget_id}/readings`, undefined, {
    Accept: 'text/csv',
  });
  const lines = body.trimEnd().split('\r\n').slice(1);
  const seqs = new Set(lines.map((line) => Number(line.split(',').at(-2))));
  if (seqs.size !== lines.length) throw new Error('a reading is there twice');
  return seqs;
}

/** A box with some thousand readings, and a backup of it. */
export async function backedUp(t: TestContext) {
  const { server, rest } = await startServer(t);
  const { wire, secret } = await enrolled(server, rest, 'lamp');
  const flood = floodOf(wire, 'lamp');
  await until('there are readings', () => flood.acknowledged.size > 1000);
  await flood.stop();
  await server.stop();
  const file = join(temporaryFolder(t), 'box.tar.gz');
  const { code, stderr } = await runCommand('backup', ['--out', file], { DATA_DIR: server.dataDir });
  assert.equal(code, 0, stderr);
  return { server, file, secret, rest, acknowledged: flood.acknowledged };
}
