import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Kind, missing } from '../helpers/database.ts';
import { connected, enrolled, reading } from '../helpers/devices.ts';
import { startPostgres } from '../helpers/postgres.ts';
import { Rest } from '../helpers/rest.ts';
import { Server } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';
import type { Wire } from '../helpers/wire.ts';

const script = (name: string) => fileURLToPath(new URL(`../../scripts/${name}/main.js`, import.meta.url));

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A command of the operator, on a folder and a database. */
function begin(name: string, args: string[], env: Record<string, string>) {
  const { PATH, HOME, TMPDIR } = process.env;
  const child = spawn(process.execPath, ['--enable-source-maps', script(name), ...args], {
    env: { ...{ PATH, HOME, TMPDIR }, ...env },
    cwd: env.DATA_DIR !== undefined ? tmpdir() : process.cwd(),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    output.stdout += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    output.stderr += String(chunk);
  });
  child.stdin.end();
  const ended = (once(child, 'close') as Promise<[number | null]>).then(
    ([code]): Outcome => ({ code, ...output }),
  );
  return { child, ended };
}

const run = (name: string, args: string[], env: Record<string, string>) => begin(name, args, env).ended;

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'pm-iot-backup-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Readings one after the other in some lanes, and which of them were acknowledged, with the longest wait. */
function load(wire: Wire, deviceId: string, lanes = 20) {
  const acknowledged = new Set<number>();
  const waits: number[] = [];
  let stopped = false;
  const lane = async (first: number) => {
    for (let seq = first; !stopped; seq += lanes) {
      const began = performance.now();
      await wire.publish(`devices/${deviceId}/sensor`, reading(seq / 7, { timestamp: AT, seq }));
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

const AT = new Date(Date.now() - 3_600_000).toISOString();

async function storedSeqs(rest: Rest, deviceId: string): Promise<Set<number>> {
  const { widget_id } = await rest.widget(deviceId, 'temperature');
  const { body } = await rest.call<string>('GET', `/api/widgets/${widget_id}/readings`, undefined, {
    Accept: 'text/csv',
  });
  const lines = body.trimEnd().split('\r\n').slice(1);
  const seqs = new Set(lines.map((line) => Number(line.split(',').at(-2))));
  assert.equal(seqs.size, lines.length, 'a reading is there twice');
  return seqs;
}

const p = (values: readonly number[], share: number) =>
  Math.round([...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? 0);

async function place(t: TestContext, kind: Kind) {
  if (kind === 'embedded') return null;
  const postgres = await startPostgres();
  t.after(() => postgres.dispose());
  return postgres;
}

const WAYS: [Kind, Kind][] = [
  ['embedded', 'embedded'],
  ['postgres', 'postgres'],
  ['embedded', 'postgres'],
  ['postgres', 'embedded'],
];

for (const [from, to] of WAYS) {
  const skip = missing(from) || missing(to);
  void test(`a box is backed up under load, lost, and restored: ${from} to ${to}`, { skip }, async (t) => {
    const before = await place(t, from);
    const server = new Server({ databaseUrl: before?.url ?? null });
    t.after(() => server.dispose());
    await server.start();
    const rest = await new Rest(server).logIn();
    const { wire, secret } = await enrolled(server, rest, 'lamp');
    const { ca } = server;
    const flood = load(wire, 'lamp');
    await until('it is under way', () => flood.acknowledged.size > 2000);

    const acknowledged = [...flood.acknowledged];
    const quiet = flood.waits.splice(0);
    const out = join(folder(t), 'box.tar.gz');
    const env = { DATA_DIR: server.dataDir, ...(before && { DATABASE_URL: before.url }) };
    const made = await run('backup', ['--out', out], env);
    assert.equal(made.code, 0, made.stderr);
    assert.equal(made.stdout.trim(), out);
    t.diagnostic(
      `acknowledged within, in ms, before and during: ${p(quiet, 0.5)} and ${p(flood.waits, 0.5)} (half), ${p(quiet, 0.99)} and ${p(flood.waits, 0.99)} (99 %), ${p(quiet, 0.9999)} and ${p(flood.waits, 0.9999)} (all); ${flood.waits.length} during`,
    );
    await flood.stop();
    const { token } = rest;
    await server.stop('SIGKILL');
    rmSync(server.dataDir, { recursive: true });
    await before?.dispose();

    const after = await place(t, to);
    const other = new Server({ databaseUrl: after?.url ?? null, fresh: true });
    t.after(() => other.dispose());
    const otherEnv = { DATA_DIR: other.dataDir, ...(after && { DATABASE_URL: after.url }) };
    const restored = await run('restore', [out], otherEnv);
    assert.equal(restored.code, 0, restored.stderr + restored.stdout);
    await other.start();
    assert.equal(other.ca, ca);
    const again = await connected(other, 'lamp', secret);
    const person = new Rest(other);
    person.token = token;
    const stored = await storedSeqs(person, 'lamp');
    assert.deepEqual(
      acknowledged.filter((seq) => !stored.has(seq)),
      [],
    );
    // And it goes on: new rows do not meet old ids.
    await again.publish('devices/lamp/sensor', reading(1, { seq: 99_999_999, timestamp: AT }));
    await enrolled(other, person, 'second');
    assert.ok((await storedSeqs(person, 'lamp')).has(99_999_999));
    assert.match(readFileSync(join(other.dataDir, 'restored.env'), 'utf8'), /# DATA_DIR was set/);
  });
}
