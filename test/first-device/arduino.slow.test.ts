import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { folder } from '../helpers/certificates.ts';
import { startServer } from '../helpers/setup.ts';
import { example, filledIn, livesThrough, missing, Program, standIn } from './program.ts';

const skip = missing('g++', ['--version'], 'g++ libssl-dev');
const SKETCH = 'arduino/pm_iot_device/pm_iot_device.ino';
const CONFIG = 'arduino/pm_iot_device/config.example.h';

/** The sketch, against the library itself where PUBSUBCLIENT names its folder `src`. */
function compiled(dir: string, config: string): string {
  writeFileSync(join(dir, 'config.h'), config);
  const library = process.env.PUBSUBCLIENT;
  const board = standIn('arduino');
  const program = join(dir, 'board');
  execFileSync(
    'g++',
    [
      ...['-std=c++17', '-Wall', '-Wextra', '-Werror', `-I${dir}`],
      ...(library === undefined ? [] : [`-I${library}`]),
      ...[`-I${board}`, '-include', 'Arduino.h'],
      ...['-x', 'c++', example(SKETCH), join(board, 'board.cpp')],
      ...(library === undefined ? [] : ['-w', join(library, 'PubSubClient.cpp')]),
      ...['-lssl', '-lcrypto', '-o', program],
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  return program;
}

function configured(ca: string, port: number, token: string): string {
  const values = {
    ...{ BROKER_HOST: 'localhost', BROKER_PORT: port, ENROLMENT_TOKEN: token, DEVICE_ID: 'esp32-1' },
    ...{ DEVICE_NAME: 'Board', WIFI_SSID: 'home', WIFI_PASSWORD: 'x', NTP_SERVER: 'localhost' },
  };
  return filledIn(CONFIG, values).replace(/-----BEGIN[\s\S]*END CERTIFICATE-----/, ca.trim());
}

void test('the sketch for PubSubClient enrols, reports, obeys and comes back, as an ESP32 with TLS 1.2', {
  skip,
}, async (t) => {
  const { server, rest } = await startServer(t, { TLS_MIN_VERSION: 'TLSv1.2' });
  const dir = folder(t);
  const program = compiled(dir, configured(server.ca, server.ports.mqtts, await rest.enroll()));
  const env = { BOARD_FLASH: dir, BOARD_TLS: '1.2' };
  await livesThrough(server, rest, 'esp32-1', () => new Program(t, program, [], { cwd: dir, env }));
});

void test('what the sketch needs more room for than PubSubClient gives is longer than its 256 bytes', {
  skip,
}, (t: TestContext) => {
  const text = readFileSync(example(SKETCH), 'utf8');
  const [, literal = ''] = /const char REGISTRATION\[\] =([^;]+);/.exec(text) ?? [];
  const dir = folder(t);
  const file = join(dir, 'length.cpp');
  writeFileSync(
    file,
    `#include <cstdio>\n#define DEVICE_ID "esp32-1"\n#define DEVICE_NAME "Board"\nint main() { printf("%zu", sizeof(${literal})); }`,
  );
  execFileSync('g++', [file, '-o', join(dir, 'length')]);
  const { stdout } = spawnSync(join(dir, 'length'), { encoding: 'utf8' });
  assert.ok(Number(stdout) > 256 && Number(stdout) < 1000, stdout);
});
