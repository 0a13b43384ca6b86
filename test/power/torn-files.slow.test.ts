import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readOrCreateSecret } from '../../db/data-dir.ts';
import { enrolled, reading } from '../helpers/devices.ts';
import { Rest } from '../helpers/rest.ts';
import { Server } from '../helpers/server.ts';
import { Wire } from '../helpers/wire.ts';

/** What a power cut makes of a file that was written and not synced. */
const HARMS: Record<string, (path: string) => void> = {
  'has no length': (path) => truncateSync(path, 0),
  'is half there': (path) => truncateSync(path, statSync(path).size >> 1),
  'is all zeros': (path) => writeFileSync(path, Buffer.alloc(statSync(path).size)),
  'is gone': (path) => rmSync(path, { recursive: true }),
};

/** What comes of each harm to each file that the program writes beside the database; a pattern: it refuses, and says so. */
const OUTCOMES: Record<string, Record<string, RegExp | 'starts'>> = {
  'jwt.secret': {
    'has no length': /jwt\.secret is damaged: restore it from a backup, or remove it/,
    'is half there': /jwt\.secret is damaged/,
    'is all zeros': /jwt\.secret is damaged/,
  },
  'certs/ca.key': {
    'has no length': /ca\.key is damaged: restore both from a backup/,
    'is half there': /ca\.key is damaged/,
    'is all zeros': /ca\.key is damaged/,
    'is gone': /ca\.key is missing: restore it/,
  },
  'certs/ca.crt': {
    'has no length': 'starts',
    'is half there': 'starts',
    'is all zeros': 'starts',
    'is gone': 'starts',
  },
  'certs/server.pem': {
    'has no length': 'starts',
    'is half there': 'starts',
    'is all zeros': 'starts',
    'is gone': 'starts',
  },
  'mdns-name': { 'has no length': 'starts', 'is all zeros': 'starts' },
  certs: { 'is gone': /certs is gone, with the CA that devices trust: restore it from a backup/ },
};

void test('files that a power cut has spoilt: it recovers, or says what to do; never another CA or secret unasked', async (t) => {
  const server = new Server();
  t.after(() => server.dispose());
  await server.start();
  const rest = await new Rest(server).logIn();
  const { secret } = await enrolled(server, rest, 'd1');
  await server.stop();
  const { dataDir, ca } = server;
  writeFileSync(join(dataDir, 'mdns-name'), 'pm-iot\n');
  const names = ['jwt.secret', 'certs/ca.key', 'certs/ca.crt', 'certs/server.pem', 'mdns-name'];
  const whole = new Map(names.map((name) => [name, readFileSync(join(dataDir, name))]));
  const restore = () => {
    mkdirSync(join(dataDir, 'certs'), { recursive: true, mode: 0o700 });
    for (const [name, content] of whole) writeFileSync(join(dataDir, name), content, { mode: 0o600 });
  };

  for (const [name, harms] of Object.entries(OUTCOMES)) {
    for (const [harm, outcome] of Object.entries(harms)) {
      await t.test(`${name} ${harm}`, async () => {
        HARMS[harm]?.(join(dataDir, name));
        if (outcome === 'starts') {
          await server.start();
          assert.equal((await rest.get('/api/devices')).status, 200, 'the log-in still counts');
          // Whoever trusts the CA of before trusts what is shown now.
          const wire = await Wire.tls(server.ports.mqtts, ca);
          assert.equal(
            (await wire.connect({ clientId: 'd1', username: 'd1', password: secret })).returnCode,
            0,
          );
          await wire.publish('devices/d1/sensor', reading('after'));
          await server.stop();
        } else {
          const { code, stdout } = await server.runToEnd();
          assert.equal(code, 1);
          const last = stdout.trimEnd().split('\n').at(-1) ?? '';
          const { msg, err } = JSON.parse(last) as { msg: string; err?: object };
          assert.match(msg, outcome);
          assert.equal(err, undefined, 'a line, and no stack');
        }
        restore();
      });
    }
  }

  await t.test('what was left half-done is in nobody’s way, whatever the time was then', async () => {
    const leave = (name: string) => writeFileSync(join(dataDir, name), 'half');
    for (const name of ['jwt.secret.99.tmp', 'certs/ca.key.99.tmp', '.probe-99', 'lock.sock.remove'])
      leave(name);
    mkdirSync(join(dataDir, 'db.new'));
    leave('db.new/PG_VERSION');
    // Made before the clock fell back.
    utimesSync(join(dataDir, 'lock.sock.remove'), Date.now() / 1000 + 1e6, Date.now() / 1000 + 1e6);
    writeFileSync(join(dataDir, 'db', 'postmaster.pid'), '1\n\0\0');
    await server.start();
    assert.equal((await rest.get('/api/devices')).status, 200);
    assert.ok(existsSync(join(dataDir, 'jwt.secret')));
    await server.stop();
  });
});

void test('a secret of zeros is none', () => {
  const server = new Server({ databaseUrl: 'postgres://none' });
  writeFileSync(join(server.dataDir, 's'), Buffer.alloc(65));
  assert.throws(() => readOrCreateSecret(server.dataDir, 's'), /is damaged/);
  rmSync(server.dataDir, { recursive: true });
});
