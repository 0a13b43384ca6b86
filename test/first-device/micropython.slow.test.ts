import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { folder, operatorsFiles } from '../helpers/certificates.ts';
import { startServer } from '../helpers/setup.ts';
import { PAGE } from '../troubleshooting/page.ts';
import { example, filledIn, livesThrough, Program, standIn } from './program.ts';

const { MICROPYTHON = '', MICROPYTHON_UMQTT = '' } = process.env;
const skip =
  MICROPYTHON === '' || MICROPYTHON_UMQTT === ''
    ? 'MICROPYTHON (the program; no package of Debian 12) and MICROPYTHON_UMQTT (the folder with umqtt/simple.py of micropython-lib) are not set'
    : false;

function prepared(dir: string, ca: string, values: Record<string, string | number>): NodeJS.ProcessEnv {
  const all = { DEVICE_ID: 'esp32-1', DEVICE_NAME: 'Board', ...values };
  writeFileSync(join(dir, 'config.py'), filledIn('micropython/config.example.py', all));
  writeFileSync(join(dir, 'ca.crt'), ca);
  copyFileSync(example('micropython/main.py'), join(dir, 'main.py'));
  for (const file of ['board.py', 'ssl.py']) copyFileSync(standIn(`micropython/${file}`), join(dir, file));
  return { MICROPYPATH: `${dir}:${MICROPYTHON_UMQTT}:.frozen` };
}

void test('what MicroPython says of a certificate is on the page', { skip }, async (t) => {
  const { server } = await startServer(t, { TLS_MIN_VERSION: 'TLSv1.2' });
  const other = operatorsFiles(folder(t));
  await other.issue();
  const cases: [string, string, RegExp][] = [
    [
      readFileSync(other.caPath, 'utf8'),
      'localhost',
      /The certificate is not correctly signed by the trusted CA/,
    ],
    [server.ca, '127.0.0.2', /The certificate Common Name \(CN\) does not match with the expected CN/],
  ];
  for (const [ca, host, words] of cases) {
    const dir = folder(t);
    const env = prepared(dir, ca, { BROKER_HOST: host, BROKER_PORT: server.ports.mqtts });
    const program = new Program(t, MICROPYTHON, ['main.py'], { cwd: dir, env });
    await program.said(words);
    await program.end();
    assert.match(PAGE, words);
  }
});

void test('the program for MicroPython enrols, reports, obeys and comes back', { skip }, async (t) => {
  // mbedTLS of the Unix port speaks TLS 1.2 as that of a board.
  const { server, rest } = await startServer(t, { TLS_MIN_VERSION: 'TLSv1.2' });
  const dir = folder(t);
  const env = prepared(dir, server.ca, {
    BROKER_HOST: 'localhost',
    BROKER_PORT: server.ports.mqtts,
    ENROLMENT_TOKEN: await rest.enroll(),
  });
  await livesThrough(
    server,
    rest,
    'esp32-1',
    () => new Program(t, MICROPYTHON, ['main.py'], { cwd: dir, env }),
  );
});
