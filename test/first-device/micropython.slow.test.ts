import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { folder } from '../helpers/certificates.ts';
import { startServer } from '../helpers/setup.ts';
import { example, filledIn, livesThrough, Program, standIn } from './program.ts';

const { MICROPYTHON = '', MICROPYTHON_UMQTT = '' } = process.env;
const skip =
  MICROPYTHON === '' || MICROPYTHON_UMQTT === ''
    ? 'MICROPYTHON (the program; no package of Debian 12) and MICROPYTHON_UMQTT (the folder with umqtt/simple.py of micropython-lib) are not set'
    : false;

void test('the program for MicroPython enrols, reports, obeys and comes back', { skip }, async (t) => {
  // mbedTLS of the Unix port speaks TLS 1.2 as that of a board.
  const { server, rest } = await startServer(t, { TLS_MIN_VERSION: 'TLSv1.2' });
  const dir = folder(t);
  const values = {
    ...{ BROKER_HOST: 'localhost', BROKER_PORT: server.ports.mqtts, ENROLMENT_TOKEN: await rest.enroll() },
    ...{ DEVICE_ID: 'esp32-1', DEVICE_NAME: 'Board' },
  };
  writeFileSync(join(dir, 'config.py'), filledIn('micropython/config.example.py', values));
  writeFileSync(join(dir, 'ca.crt'), server.ca);
  copyFileSync(example('micropython/main.py'), join(dir, 'main.py'));
  for (const file of ['board.py', 'ssl.py']) copyFileSync(standIn(`micropython/${file}`), join(dir, file));
  const env = { MICROPYPATH: `${dir}:${MICROPYTHON_UMQTT}:.frozen` };
  await livesThrough(
    server,
    rest,
    'esp32-1',
    () => new Program(t, MICROPYTHON, ['main.py'], { cwd: dir, env }),
  );
});
