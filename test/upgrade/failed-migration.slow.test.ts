import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KINDS, missing } from '../helpers/database.ts';
import { connected, enrolled, reading } from '../helpers/devices.ts';
import { makeNextVersion, nextTag } from '../helpers/next-version.ts';
import { PROGRAM } from '../helpers/server.ts';
import { startServer } from '../helpers/setup.ts';

/** What comes before the failure must be undone, and it must be far enough to matter. */
const FAILS = `ALTER TABLE "rooms" ADD COLUMN "floor" integer;
--> statement-breakpoint
ALTER TABLE "devices" DROP COLUMN "name";
--> statement-breakpoint
DELETE FROM "readings";
--> statement-breakpoint
ALTER TABLE "rooms" ADD COLUMN "floor" integer;`;

for (const kind of KINDS) {
  void test(`a migration that fails leaves the ${kind} database to the version before`, {
    skip: missing(kind),
  }, async (t) => {
    const { server, rest } = await startServer(t, { UPGRADE_BACKUP: 'off' }, kind);
    const { wire, secret } = await enrolled(server, rest, 'lamp');
    for (let i = 0; i < 5; i++) await wire.publish('devices/lamp/sensor', reading(i));
    await server.stop();

    server.program = makeNextVersion(t, 'fails', FAILS);
    const { code, stdout } = await server.runToEnd();
    // systemd does not start it again and again: RestartPreventExitStatus=78.
    assert.equal(code, 78);
    const last = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { level: string; msg: string };
    assert.equal(last.level, 'fatal');
    assert.match(
      last.msg,
      new RegExp(`to ${nextTag('fails')}: ${nextTag('fails')}: column "floor" .*already exists`),
    );
    assert.match(last.msg, /Nothing in it was changed: start the version before again/);

    server.program = PROGRAM;
    await server.start();
    await connected(server, 'lamp', secret);
    await rest.logIn();
    const { widget_id: id } = await rest.widget('lamp', 'temperature');
    assert.deepEqual(
      (await rest.readings(id)).map(({ value }) => value),
      [0, 1, 2, 3, 4],
    );
  });
}
