import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { openCertificates } from '../../certs/index.ts';
import type { OwnFiles } from '../../certs/own.ts';
import { openCertificateStore } from '../../certs/store.ts';
import type { NewEvent } from '../../db/domain/ports.ts';
import { DAY_MS, folder, operatorsFiles } from '../helpers/certificates.ts';

interface Told {
  level: string;
  message: string;
  path?: string;
  fault?: string;
  certificate?: string;
}

const AT_FAULT = 'a certificate file is at fault';
const DOES_NOT_COUNT = 'a certificate does not count: clients refuse it';

/** The certificates of a running server. */
async function running(dir: string, files: OwnFiles | null = null, publicHost?: string) {
  const told: Told[] = [];
  const events: NewEvent[] = [];
  const at = (level: string) => (object: object, message: string) => {
    told.push({ level, message, ...object });
  };
  const log = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    fatal: at('fatal'),
  };
  const clock = { now: Date.now() };
  const registry = new Registry();
  const certificates = await openCertificates({
    dir,
    files,
    publicHost: publicHost ?? null,
    log,
    events: { record: (event) => events.push(event) > 0 },
    registry,
    now: () => clock.now,
  });
  certificates.start(() => {});
  // From here on it looks when it is told to, and at no other time.
  certificates.stop();
  const { look } = certificates;
  return {
    certificates,
    registry,
    events,
    clock,
    look,
    /** Looks some times, and gives what was told of faults meanwhile. */
    hear: async (looks = 3): Promise<Told[]> => {
      for (let i = 0; i < looks; i++) await look();
      return told.splice(0).filter(({ level }) => level === 'warn' || level === 'error');
    },
    served: () => certificates.material().certPem,
  };
}

void test('a certificate of the operator that does not count is not taken in place of one that does', async (t) => {
  const dir = folder(t);
  const { files, issue } = operatorsFiles(dir);
  const good = await issue();
  const { hear, served } = await running(join(dir, 'certs'), files);
  assert.deepEqual(await hear(), []);
  for (const [at, reason] of [
    [Date.now() - 400 * DAY_MS, /^ended on .*: the one in use is kept$/],
    [Date.now() + 10 * DAY_MS, /^is not valid before .*: the one in use is kept$/],
  ] as const) {
    await issue(at);
    const told = await hear();
    assert.equal(served(), good.certPem);
    assert.deepEqual(
      told.map(({ level, message, path }) => [level, message, path]),
      [['error', AT_FAULT, files.cert]],
      'once, however often it looks',
    );
    assert.match(told[0]?.fault ?? '', reason);
  }
  writeFileSync(files.key, 'no key');
  const [fault, ...others] = await hear();
  assert.deepEqual([fault?.path, others], [files.key, []]);
  assert.match(fault?.fault ?? '', /holds no private key.*: the certificate in use is kept$/);
  const better = await issue();
  assert.deepEqual(await hear(), []);
  assert.equal(served(), better.certPem);
  writeFileSync(files.key, 'no key');
  assert.equal((await hear()).length, 1, 'what comes back is told again');
});

void test('one that is not valid yet is taken when its time has come', async (t) => {
  const dir = folder(t);
  const { files, issue } = operatorsFiles(dir);
  await issue();
  const { clock, hear, served } = await running(join(dir, 'certs'), files);
  const next = await issue(Date.now() + 10 * DAY_MS);
  assert.equal((await hear()).length, 1);
  clock.now += 10 * DAY_MS;
  await hear();
  assert.equal(served(), next.certPem);
});

void test('with a certificate that has ended the server starts, tells it, and measures it', async (t) => {
  const dir = folder(t);
  const { files, issue } = operatorsFiles(dir);
  const ended = await issue(Date.now() - 400 * DAY_MS);
  const { hear, served, events, registry, clock } = await running(join(dir, 'certs'), files);
  assert.equal(served(), ended.certPem);
  const told = await hear();
  assert.deepEqual(
    told.map(({ level, message, certificate, path }) => [level, message, certificate, path]),
    [['error', DOES_NOT_COUNT, 'server', files.cert]],
  );
  assert.deepEqual(
    events.map(({ kind, detail }) => [kind, detail?.certificate, Number(detail?.days) < 0]),
    [['certificate_ends', 'server', true]],
  );
  const [, ends] =
    /^pm_iot_certificate_expiry_timestamp_seconds\{certificate="server"\} (\d+)$/m.exec(
      await registry.metrics(),
    ) ?? [];
  assert.ok(Number(ends) * 1000 < clock.now, `${ends} is in the past`);
  const other = await issue(Date.now() - 398 * DAY_MS);
  assert.equal((await hear()).length, 1, 'another is told at once');
  assert.equal(served(), other.certPem, 'nothing better is in use');
  clock.now += DAY_MS;
  assert.equal((await hear()).length, 1, 'and each every day');
});

void test('a public host that the certificate of the operator does not name is told', async (t) => {
  const dir = folder(t);
  const { files, issue } = operatorsFiles(dir);
  await issue(Date.now(), ['box.example.org']);
  const { certificates, hear } = await running(join(dir, 'certs'), files, 'other.example.org');
  const told = await hear();
  assert.equal(told.length, 1);
  assert.match(told[0]?.fault ?? '', /^does not name PUBLIC_HOST other\.example\.org/);
  assert.deepEqual(certificates.hosts(), ['other.example.org']);
  const unsaid = await running(join(dir, 'certs'), files);
  assert.deepEqual(unsaid.certificates.hosts(), ['box.example.org']);
});

void test('a damaged file of ours, or of a device, ends neither the start nor the run', async (t) => {
  const dir = folder(t);
  const store = openCertificateStore({ dir });
  await store.ensureServer();
  await store.beginRotation();
  writeFileSync(join(dir, 'ca-next.key'), 'spoilt');
  mkdirSync(join(dir, 'devices'));
  writeFileSync(join(dir, 'devices', 'lamp.crt'), 'spoilt');
  const { certificates, hear, served } = await running(dir);
  const before = served();
  const faults = async () => (await hear()).map(({ level, path }) => [level, path]);
  assert.deepEqual(await faults(), [
    ['error', join(dir, 'ca-next.key')],
    ['warn', join(dir, 'devices', 'lamp.crt')],
  ]);
  assert.equal(certificates.bundle().match(/BEGIN/g)?.length, 2, 'what the next CA has issued is trusted');
  const key = readFileSync(join(dir, 'ca.key'));
  writeFileSync(join(dir, 'ca.key'), 'spoilt');
  const [told, ...others] = await hear();
  assert.deepEqual([told?.level, told?.path, others], ['error', dir, []]);
  assert.match(told?.fault ?? '', /ca\.key is damaged/);
  assert.ok(!('err' in (told ?? {})), 'without a stack');
  assert.equal(served(), before);
  writeFileSync(join(dir, 'ca.key'), key);
  rmSync(join(dir, 'ca-next.key'));
  assert.deepEqual(await faults(), []);
  assert.equal(certificates.bundle().match(/BEGIN/g)?.length, 1);
});

void test('a CA that is not valid yet is told, and a damaged server certificate is made anew', async (t) => {
  const dir = folder(t);
  await openCertificateStore({ dir, now: () => Date.now() + 3650 * DAY_MS }).ensureServer();
  const { hear, served } = await running(dir);
  const told = await hear();
  assert.deepEqual(
    told.map(({ message, certificate }) => [message, certificate]),
    [[DOES_NOT_COUNT, 'ca']],
  );
  assert.match(told[0]?.fault ?? '', /^is not valid before /);
  const before = served();
  writeFileSync(join(dir, 'server.pem'), 'spoilt');
  assert.deepEqual(await hear(), []);
  assert.notEqual(served(), before);
  assert.ok(Date.parse(new X509Certificate(served()).validFrom) < Date.now());
});

void test('both fingerprints are told while the CA is being changed', async (t) => {
  const dir = folder(t);
  const store = openCertificateStore({ dir });
  await store.ensureServer();
  const { certificates, look } = await running(dir);
  const { current } = await store.authorities();
  const of = ({ certificate }: typeof current) => certificate.fingerprint256;
  assert.deepEqual(certificates.fingerprints(), { current: of(current), next: null });
  const next = await store.beginRotation();
  await look();
  assert.deepEqual(certificates.fingerprints(), { current: of(current), next: of(next) });
  await store.dropOldCa();
  await look();
  assert.deepEqual(certificates.fingerprints(), { current: of(next), next: null });
});
