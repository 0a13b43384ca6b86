import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readPage } from '../docs/page.ts';
import { SHOWN } from './page.ts';

/** Alerts, the program and other pages lead here. */
const ANCHORS =
  'doctor-first device-does-not-connect codes certificate tls-version clock secret client-id topic port throttled thrown-out refused-messages acknowledged-not-shown inconsistent-data missing-readings double-readings misplaced-readings old-value stalled-flow high-latency commands queued timed-out rejected people forgotten-password locked-out server-does-not-start configuration port-taken folder-in-use damaged-file newer-database other-nodes database-away redis-away 503 disk-full read-only power-cut changed-address certificate-ends backup-fails';

void test('its anchors stay as they are', () => {
  const { anchors } = readPage('docs/troubleshooting.md');
  for (const anchor of ANCHORS.split(' ')) assert.ok(anchors.has(anchor), anchor);
});

void test('whatever the page says is seen has been seen by a test', () => {
  const dir = fileURLToPath(new URL('../../../test/troubleshooting', import.meta.url));
  const text = readdirSync(dir)
    .filter((name) => name.endsWith('.slow.test.ts'))
    .map((name) => readFileSync(`${dir}/${name}`, 'utf8'))
    .join('\n');
  assert.ok(SHOWN.size > 25, String(SHOWN.size));
  for (const name of SHOWN.keys()) {
    // `provoked('ca', …)` looks for `ca-log`.
    const short = name.replace(/-log$/, '');
    assert.ok(text.includes(`'${name}'`) || text.includes(`provoked('${short}'`), `nothing provokes ${name}`);
  }
});
