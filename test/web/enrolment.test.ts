import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brokerOf, fingerprintsOf, readLine, shellLines } from '../../web/state/enrolment.ts';

const CA = `${'0a'.repeat(31)}ff`;
const SHOWN = `${'0A:'.repeat(31)}FF`;
const line = {
  urls: [
    'mqtts://192.0.2.7:8883',
    'mqtts://box.local:8883',
    'mqtts://[fd00::7]:8883',
    'wss://192.0.2.7:8443/mqtt',
  ],
  ca_sha256: CA,
  token: 'a-token',
};
const here = { hostname: 'box.local', baseUrl: 'http://box.local:3000', plainPort: 1883 };

void test('the broker has the name that the browser uses, where the certificate has it', () => {
  const hostFor = (hostname: string) => brokerOf(line, hostname)?.host;
  assert.equal(hostFor('box.local'), 'box.local');
  assert.equal(hostFor('127.0.0.1'), 'localhost');
  assert.equal(hostFor('iot.example.org'), '192.0.2.7');
  assert.equal(brokerOf({ ...line, urls: ['wss://192.0.2.7:8443/mqtt'] }, 'box.local'), null);
});

void test('the CA is fetched over TLS, kept only with its fingerprint, and either of two will do', () => {
  const lines = shellLines(line, here, 'demo');
  assert.match(
    lines?.trust ?? '',
    /^curl -fsSk https:\/\/box\.local:8443\/api\/ca\.crt \| openssl x509 -out ca\.crt$/m,
  );
  assert.ok(lines?.trust?.includes(`grep -F -e ${SHOWN} || rm -f ca.crt`));
  const next = shellLines({ ...line, ca_next_sha256: 'ab'.repeat(32) }, here, 'demo');
  assert.match(next?.trust ?? '', /grep -F -e 0A:\S+ -e AB:\S+ \|\|/);
  const proxied = shellLines(line, { ...here, baseUrl: 'https://iot.example.org/home' }, 'demo');
  assert.match(proxied?.trust ?? '', /https:\/\/iot\.example\.org\/home\/api\/ca\.crt/);
});

void test('without a CA of its own the trust of the system counts; without TLS only this machine is reached', () => {
  const trusted = shellLines({ ...line, ca_sha256: null }, here, 'demo');
  assert.equal(trusted?.trust, null);
  assert.match(trusted?.publish ?? '', /-h box\.local -p 8883 --tls-use-os-certs /);
  const plain = shellLines({ ...line, urls: [] }, here, 'demo');
  assert.equal(plain?.trust, null);
  assert.match(plain?.register ?? '', /-h localhost -p 1883 -i demo -u demo -P 'a-token'/);
  assert.equal(shellLines({ ...line, urls: [] }, { ...here, plainPort: null }, 'demo'), null);
  const six = shellLines(line, { ...here, hostname: '[fd00::7]' }, 'demo');
  assert.match(six?.publish ?? '', /-h fd00::7 -p 8883 /);
});

void test('the line is read as the server wrote it', () => {
  assert.deepEqual(readLine(JSON.stringify(line)), line);
  assert.deepEqual(fingerprintsOf(line), [SHOWN]);
  assert.deepEqual(fingerprintsOf({ ...line, ca_sha256: null }), []);
});
