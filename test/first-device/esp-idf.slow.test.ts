import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { folder } from '../helpers/certificates.ts';
import { startServer } from '../helpers/setup.ts';
import { example, filledIn, livesThrough, missing, Program, standIn } from './program.ts';

const skip = missing(
  'gcc',
  ['-fsyntax-only', '-include', 'mosquitto.h', '-include', 'cjson/cJSON.h', '-x', 'c', '/dev/null'],
  'gcc libmosquitto-dev libcjson-dev',
);
const WARNINGS = ['-std=gnu17', '-Wall', '-Wextra', '-Werror'];

void test('the program for ESP-IDF enrols, reports, obeys and comes back', { skip }, async (t) => {
  // The server as it is: ESP-IDF speaks TLS 1.3 when its sdkconfig says so.
  const { server, rest } = await startServer(t);
  const dir = folder(t);
  const values = {
    ...{ BROKER_URL: `mqtts://localhost:${server.ports.mqtts}`, ENROLMENT_TOKEN: await rest.enroll() },
    ...{ DEVICE_ID: 'esp32-1', DEVICE_NAME: 'Board', WIFI_SSID: 'home', WIFI_PASSWORD: 'x' },
  };
  writeFileSync(join(dir, 'config.h'), filledIn('esp-idf/main/config.example.h', values));
  const embedded = `const char ca[] __asm__("_binary_ca_crt_start") = ${JSON.stringify(server.ca)};\n`;
  writeFileSync(join(dir, 'ca.c'), embedded);
  const [board, main, program] = [standIn('esp-idf'), example('esp-idf/main'), join(dir, 'board')];
  const folders = [`-I${dir}`, `-I${board}`, `-I${main}`];
  const compile = (args: string[]) =>
    execFileSync('gcc', [...WARNINGS, ...folders, ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
  // There is no Wi-Fi here: what asks for it is compiled, and not run.
  compile(['-fsyntax-only', join(main, 'network.c')]);
  const files = [join(main, 'main.c'), join(board, 'board.c'), join(dir, 'ca.c')];
  compile([...files, '-o', program, '-lmosquitto', '-lcjson', '-lpthread']);
  const start = () => new Program(t, program, [], { cwd: dir, env: { BOARD_FLASH: dir } });
  await livesThrough(server, rest, 'esp32-1', start, ['uptime', /^\d+$/]);
});
