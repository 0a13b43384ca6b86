import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { KINDS, missing } from '../helpers/database.ts';
import { connected, enrolled, reading } from '../helpers/devices.ts';
import { makeNextVersion, nextTag } from '../helpers/next-version.ts';
import { postgresMissing } from '../helpers/postgres.ts';
import { Rest } from '../helpers/rest.ts';
import { PROGRAM, Server } from '../helpers/server.ts';
import { startServer } from '../helpers/setup.ts';
import { SmallDisk, smallDiskMissing } from '../helpers/small-disk.ts';
import { until } from '../helpers/wait.ts';

const ADDS = 'ALTER TABLE "rooms" ADD COLUMN "floor" integer;';
/** Takes longer than anybody waits, and fills any disk. */
const ENDLESS = `${ADDS}
--> statement-breakpoint
CREATE TABLE "much" AS SELECT generate_series(1, 1000000000) AS g, repeat('x', 500) AS text;`;

/** Enough that something could be lost. */
async function furnish(server: Server, rest: Rest) {
  const { wire, secret } = await enrolled(server, rest, 'lamp');
  for (let i = 0; i < 20; i++) await wire.publish('devices/lamp/sensor', reading(i));
  return secret;
}

async function assertAllThere(server: Server, rest: Rest, secret: string) {
  await connected(server, 'lamp', secret);
  await rest.logIn();
  const { widget_id: id } = await rest.widget('lamp', 'temperature');
  const values = (await rest.readings(id)).map(({ value }) => Number(value));
  assert.deepEqual(
    values.sort((a, b) => a - b),
    Array.from({ length: 20 }, (_, i) => i),
  );
}

for (const kind of KINDS) {
  void test(`a kill -9 in the middle of a migration, ${kind}: either version goes on`, {
    skip: missing(kind),
  }, async (t) => {
    const { server, rest } = await startServer(t, { UPGRADE_BACKUP: 'off' }, kind);
    const secret = await furnish(server, rest);
    await server.stop();

    const next = makeNextVersion(t, 'endless', ENDLESS);
    server.program = next;
    for (let round = 0; round < 2; round++) {
      const before = server.lines.length;
      const starting = assert.rejects(server.start(), /SIGKILL/);
      await until(
        'it migrates',
        () => server.lines.slice(before).some(({ msg }) => msg === 'upgrading the database'),
        () => server.report(),
        120_000,
      );
      // In the middle of the statement that takes long.
      await sleep(2000);
      await server.stop('SIGKILL');
      await starting;
    }
    server.program = PROGRAM;
    await server.start();
    await assertAllThere(server, rest, secret);
    await server.stop();

    writeFileSync(join(dirname(next), '..', 'db', 'migrations', `${nextTag('endless')}.sql`), ADDS);
    server.program = next;
    await server.start();
    await assertAllThere(server, rest, secret);
  });
}

void test('a disk that fills in the middle of a migration ends it, and the version before goes on', {
  skip: smallDiskMissing(),
}, async (t) => {
  const disk = new SmallDisk(t, 400);
  const server = new Server({ disk: disk.folder, env: { UPGRADE_BACKUP: 'off', MIN_FREE_DISK: '8MiB' } });
  disk.after(() => server.dispose());
  await server.start();
  const rest = await new Rest(server).logIn();
  const secret = await furnish(server, rest);
  await server.stop();

  server.program = makeNextVersion(t, 'endless', ENDLESS);
  const { code, stdout } = await server.runToEnd();
  assert.equal(code, 78, stdout);
  assert.match(stdout, /could not be upgraded .*its disk has no room left/);

  server.program = PROGRAM;
  await server.start();
  await assertAllThere(server, rest, secret);
});

void test('a migration of a server may take longer than any other statement', {
  skip: postgresMissing(),
}, async (t) => {
  const { server, rest } = await startServer(t, { UPGRADE_BACKUP: 'off' }, 'postgres');
  const secret = await furnish(server, rest);
  await server.stop();
  server.program = makeNextVersion(t, 'long', `SELECT pg_sleep(30);\n--> statement-breakpoint\n${ADDS}`);
  await server.start();
  assert.equal(server.lines.filter(({ msg }) => msg === 'upgrading the database').length, 1);
  assert.ok(server.lines.some(({ msg }) => msg === 'still upgrading the database'));
  await assertAllThere(server, rest, secret);
});
