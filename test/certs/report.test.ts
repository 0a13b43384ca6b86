import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { certificateReports } from '../../certs/report.ts';
import { DAY_MS, folder, opensslMissing } from '../helpers/certificates.ts';

function made(t: TestContext, subject: string) {
  const dir = folder(t);
  const path = join(dir, 'own.crt');
  const key = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    join(dir, 'own.key'),
  ];
  const about = ['-subj', subject, '-addext', 'subjectAltName=DNS:box.example.org', '-days', '10'];
  execFileSync('openssl', ['req', '-x509', ...key, ...about, '-out', path], { stdio: 'ignore' });
  return { path, certificate: new X509Certificate(readFileSync(path)) };
}

void test('what is told of certificates', { skip: opensslMissing() }, async (t) => {
  const one = made(t, '/CN=box/O=Home');
  const now = Date.now();

  await t.test('stands on one line each, those of devices left out', () => {
    const named = ['server', 'device lamp', 'ca'].map((name) => ({ name, ...one }));
    const told = certificateReports(named, now);
    assert.deepEqual(
      told.map(({ name, subject, daysLeft }) => [name, subject, daysLeft]),
      [
        ['ca', 'CN=box, O=Home', 9],
        ['server', 'CN=box, O=Home', 9],
      ],
    );
    assert.ok(!JSON.stringify(told).includes(one.path));
  });

  await t.test('counts below zero once one has ended', () => {
    const [told] = certificateReports([{ name: 'server', ...one }], now + 12 * DAY_MS);
    assert.equal(told?.daysLeft, -3);
  });

  await t.test('is its other names where an authority leaves the subject empty', () => {
    const [told] = certificateReports([{ name: 'server', ...made(t, '/') }], now);
    assert.equal(told?.subject, 'DNS:box.example.org');
  });
});
