import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { FLOOD_AT, floodOf, runCommand, storedSeqs, temporaryFolder } from '../helpers/backup.ts';
import { type Kind, missing } from '../helpers/database.ts';
import { connected, enrolled, reading } from '../helpers/devices.ts';
import { startPostgres } from '../helpers/postgres.ts';
import { Rest } from '../helpers/rest.ts';
import { Server } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';

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
    const flood = floodOf(wire, 'lamp');
    await until('it is under way', () => flood.acknowledged.size > 1000);

    const acknowledged = [...flood.acknowledged];
    const quiet = flood.waits.splice(0);
    const out = join(temporaryFolder(t), 'box.tar.gz');
    const env = { DATA_DIR: server.dataDir, ...(before && { DATABASE_URL: before.url }) };
    const made = await runCommand('backup', ['--out', out], env);
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
    const restored = await runCommand('restore', [out], otherEnv);
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
    await again.publish('devices/lamp/sensor', reading(1, { seq: 99_999_999, timestamp: FLOOD_AT }));
    await enrolled(other, person, 'second');
    assert.ok((await storedSeqs(person, 'lamp')).has(99_999_999));
    assert.match(readFileSync(join(other.dataDir, 'restored.env'), 'utf8'), /# DATA_DIR was set/);
  });
}
