import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { reading } from './devices.ts';
import type { Rest } from './rest.ts';
import type { Wire } from './wire.ts';

const script = (name: string) => fileURLToPath(new URL(`../../scripts/${name}/main.js`, import.meta.url));

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A command of the operator, on a folder and a database; `input` comes on its standard input. */
export function beginCommand(name: string, args: string[], env: Record<string, string>, input = '') {
  const { PATH, HOME, TMPDIR } = process.env;
  const child = spawn(process.execPath, ['--enable-source-maps', script(name), ...args], {
    env: { ...{ PATH, HOME, TMPDIR }, MIN_FREE_DISK: '16MiB', ...env },
    // Nothing of a developer's own `.env` is read.
    cwd: tmpdir(),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    output.stdout += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    output.stderr += String(chunk);
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const ended = (once(child, 'close') as Promise<[number | null]>).then(
    ([code]): Outcome => ({ code, ...output }),
  );
  return { child, ended };
}

export const runCommand = (name: string, args: string[], env: Record<string, string>, input = '') =>
  beginCommand(name, args, env, input).ended;

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
