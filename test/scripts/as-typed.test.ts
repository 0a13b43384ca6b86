import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asTyped } from '../../scripts/operator/as-typed.ts';

void test('on a box that the installer made, commands are told as they are typed there', () => {
  for (const [written, typed] of [
    ['npm run certs -- renew (docs/certificates.md)', 'sudo pm-iot certs renew (docs/certificates.md)'],
    ['npm run backup; BACKUP_EVERY=24h', 'sudo pm-iot backup; BACKUP_EVERY=24h'],
    ['npm run backup [-- options]    one file', 'sudo pm-iot backup [options]    one file'],
    ['npm run restore -- FILE [options]', 'sudo pm-iot restore FILE [options]'],
    ['npm run migrate-db -- --to URL', 'sudo pm-iot migrate-db --to URL'],
  ] as const) {
    assert.equal(asTyped(written, true), typed);
    assert.equal(asTyped(written, false), written);
  }
});
